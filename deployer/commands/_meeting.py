"""The first meeting with a server: its host key, and what it has already."""

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import DeployError, UsageError

if TYPE_CHECKING:
    from deployer.files import File, Found, Link
    from deployer.server.connection import Server
    from deployer.server.introduction import Introduction

LOOK = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"


def meet(host: str, user: str, port: int, key: Path | None, fingerprint: str, again: str) -> str:
    """The text of a sites.yaml for this server; raises DeployError where nobody vouches for its key.

    `again` is the command that is advised, with the fingerprint.
    """
    from deployer.config.loader import validate
    from deployer.config.starter import starter
    from deployer.server.introduction import introduce

    server: dict[str, object] = {"host": host, "user": user, "port": port} | (
        {"key": str(key)} if key else {}
    )
    _, findings = validate({"server": server}, Path.cwd())
    for finding in findings:
        raise UsageError(f"{finding.where}: {finding.message}")
    shown = introduce(host, port, user)
    vouch(host, shown, fingerprint, again)
    found = list(look(host, user, port, key, shown.key))
    return starter(host, user, port, str(key or ""), shown.key, found)


def vouch(host: str, shown: "Introduction", fingerprint: str, again: str) -> None:
    """Have the host key compared by somebody who can; raises UsageError where nobody does."""
    from deployer.report import confirm, say

    say(f"{host} shows the host key {shown.name}")
    if fingerprint:
        if fingerprint not in (shown.name, shown.name.split()[1]):
            raise UsageError(
                f"{host} shows another host key than {fingerprint}; nothing was sent to it",
                f"Look on your provider's console of the server: {LOOK}",
            )
        say("✓ that is the fingerprint that you gave", style="green")
    elif shown.known:
        say("✓ your known_hosts has the same", style="green")
    elif not terminal():
        raise UsageError(
            "nobody has compared that key, and there is no terminal to ask on; nothing was sent there",
            f"Look on your provider's console of the server: {LOOK}\n"
            f"If it says the same: {again} --fingerprint {shown.name.split()[1]}",
        )
    else:
        say(f"Your provider's console of the server must show the same: {LOOK}")
        if not confirm("Is it the same?"):
            raise UsageError(
                "nothing was written, and nothing was sent to the server",
                "Another key means another server, or somebody in between: ask your provider.",
            )


def terminal() -> bool:
    """Whether there is somebody to ask."""
    import sys

    return sys.stdin.isatty()


def look(host: str, user: str, port: int, key: Path | None, host_key: str) -> Iterator[str]:
    """What the server has already, as lines to propose; without a login, why there are none is told."""
    from deployer.config.model import Config
    from deployer.parts import questions
    from deployer.planning.proposal import entries_there, proposals
    from deployer.report import complain, say
    from deployer.server.login import connect
    from deployer.tasks.observe import observe

    try:
        with connect(host, port, user, host_key, key.expanduser() if key else None) as server:
            seen = observe(server, questions(Config()))
            facts = seen.facts
            files = contents(server, facts.taken_names.values())
    except DeployError as error:
        complain(error)
        say("! sites.yaml is written all the same, without what the server has already", style="yellow")
        return
    say(f"✓ {user} can log in: {facts.os.capitalize()} {facts.release}", style="green")
    if there := entries_there(seen.written):
        other = "from another sites.yaml: take that one, for an apply takes off what is not in yours"
        say(f"! it has {', '.join(there)} {other}", style="yellow")
    stacks = [stack for stack in facts.stacks.values() if stack.running]
    found = list(proposals(files, stacks))
    if found:
        say("What it serves already is proposed in sites.yaml, as comments.")
    yield from found


def contents(server: "Server", paths: Iterable[str]) -> "dict[str, File | Link]":
    """What these files say; of a link, as Debian has one for each file of NGINX, what it leads to."""
    from deployer.files import Link
    from deployer.shares.question import Question
    from deployer.tasks.observe import observe

    def look(asked: Iterable[str]) -> "Found":
        return observe(server, [Question("file", path) for path in asked]).files if asked else {}

    wanted = sorted(set(paths))
    there = look(wanted)
    found = {path: there[path] for path in wanted if path in there}
    links = {
        path: posixpath.normpath(posixpath.join(posixpath.dirname(path), file.target))
        for path, file in found.items()
        if isinstance(file, Link)
    }
    behind = look(set(links.values()))
    return found | {path: behind[target] for path, target in links.items() if target in behind}
