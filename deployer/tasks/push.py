"""Publish a site: one call to the server's own push script."""

import shlex
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.server.commits import lacking
from deployer.server.connection import Server
from deployer.server.streaming import stream
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.server.folder import Folder

PROGRAMS = "/usr/local/lib/deploy/bin"
PUSH_OF_BEFORE = "/usr/local/lib/deploy/push"
"""Where an earlier deploy has put what is in PROGRAMS now; an apply takes it away."""
UNCHANGED = (": nothing to push", " is already up to date", ", so this push steps aside")
"""How the last line of a push ends that has changed nothing."""


class Pushed(IntEnum):
    """How a server-side script ended; 127 is bash's own word for a script that is not there."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_APPLIED = 69
    NO_SCRIPT = 127

    @property
    def needs_apply(self) -> bool:
        """Whether the site's server side is not there yet."""
        return self in (Pushed.NOT_APPLIED, Pushed.NO_SCRIPT)


@dataclass(frozen=True, slots=True)
class Push:
    """What to publish, and for whom.

    `repository` is the path of one here to send along; empty: the server fetches by itself. `built` is a
    folder of this machine instead of a revision; `rebuild` makes the live one once more; `preview` is the
    name of what it becomes instead of the site. `settings` is the SHA-256 of the site's values in
    sites.yaml: a server that has others says so.
    """

    domain: str
    who: str
    repository: str = ""
    reference: str = ""
    force: bool = False
    settings: str = ""
    built: "Folder | None" = None
    rebuild: bool = False
    preview: str = ""

    @property
    def options(self) -> list[str]:
        """The options that both ways of pushing have."""
        settings = ["--settings", self.settings] if self.settings else []
        how = ["--force"] if self.force else ["--rebuild"] if self.rebuild else []
        return ["--by", self.who, *settings, *how, *(["--as", self.preview] if self.preview else [])]


def push(server: Server, what: Push, line: Callable[[str], None]) -> Pushed:
    """Publish the newest revision, or the given one, or what was built here."""
    if what.built:
        return push_built(server, what, what.built, line)
    if not what.repository:
        options = ["--attached", *(["--ref", what.reference] if what.reference else [])]
        return run_script(server, "push", line, what.domain, *what.options, *options, attached=True)
    answer = server.ask(f"{PROGRAMS}/have {shlex.quote(what.domain)}")
    if answer.status:
        return outcome_of(server, answer.status)
    with server.understanding():
        known = answer.output.decode().split()
    with waiting("commits") as wait, lacking(what.repository, what.reference, known) as commits:
        options = [*what.options, "--attached", "--pack", commits.name]
        pieces = commits.pieces(wait)
        return run_script(server, "push", line, what.domain, *options, chunks=pieces, attached=True)


def push_built(server: Server, what: Push, built: "Folder", line: Callable[[str], None]) -> Pushed:
    """Publish a folder of this machine: what the server has of it is not sent again, unless it is forced."""
    from deployer.server.folder import Sending

    there: frozenset[str] = frozenset()
    if not what.force:
        answer = server.ask(f"{PROGRAMS}/have {shlex.quote(what.domain)} --files")
        if answer.status == Pushed.USAGE:
            raise other_version(server)
        if answer.status:
            return outcome_of(server, answer.status)
        with server.understanding():
            there = frozenset(answer.output.decode("ascii").split())
    with waiting("files") as wait:
        sent = Sending(built, there)
        line(sent.summary)
        options = [*what.options, *sent.options]
        return run_script(server, "push", line, what.domain, *options, chunks=sent.pieces(wait))


def rollback(server: Server, domain: str, line: Callable[[str], None], who: str, release: str = "") -> Pushed:
    """Make an earlier release live again: the one before, or the given one."""
    return run_script(server, "rollback", line, domain, "--by", who, *(["--to", release] if release else []))


def ask_script(server: Server, name: str, *arguments: str) -> str:
    """The output of one of the server-side scripts; raises DeployError with its words."""
    answer = server.ask(shlex.join([f"{PROGRAMS}/{name}", *arguments]))
    outcome = outcome_of(server, answer.status)
    if outcome.needs_apply:
        raise DeployError(f"{' '.join(arguments[:1])} is not on {server.host} yet", "Run: deploy apply")
    if outcome is not Pushed.DONE:
        words = (answer.errors or answer.output.decode(errors="replace")).strip()
        raise DeployError(words.removeprefix("✗ "))
    return answer.output.decode(errors="replace")


def run_script(
    server: Server,
    name: str,
    line: Callable[[str], None],
    *arguments: str,
    chunks: Iterable[bytes] | None = None,
    attached: bool = False,
    talks: bool = False,
) -> Pushed:
    """Run one of the server-side scripts and hand over its lines, but not that an apply is due first.

    Of one that `talks`, the lines are all that is shown while it runs.
    """
    held: list[str] = []
    first = ""

    def relay(text: str) -> None:
        nonlocal first
        if not first and (
            text.startswith("✗") or text.endswith(f"{PROGRAMS}/{name}: No such file or directory")
        ):
            held.append(text)
        else:
            flush()
            line(text)
        first = first or text

    def flush() -> None:
        for text in held:
            line(text)
        held.clear()

    command = shlex.join([f"{PROGRAMS}/{name}", *arguments])
    with nullcontext() if talks else waiting(f"{server.host} is at work"):
        if chunks is None:
            status = server.follow(command, relay, attached=attached)
        else:
            status = stream(server, command, relay, chunks, attached)
        outcome = outcome_of(server, status)
    if outcome is Pushed.USAGE and first.startswith("✗ unknown option"):
        raise other_version(server)
    if not outcome.needs_apply:
        flush()
    return outcome


def call_script(
    server: Server,
    name: str,
    line: Callable[[str], None],
    site: str,
    *arguments: str,
    attached: bool = False,
    talks: bool = False,
) -> bool:
    """Run a script for a site that is on the server; whether it did its work. Raises DeployError."""
    outcome = run_script(server, name, line, site, *arguments, attached=attached, talks=talks)
    if outcome.needs_apply:
        raise DeployError(f"{site} is not on {server.host} yet", f"Run: deploy apply {site}")
    return outcome is Pushed.DONE


def other_version(server: Server) -> DeployError:
    """The server's programs do not know what they were asked."""
    return DeployError(
        f"the scripts on {server.host} are of another version than this deploy",
        "With the newer of the two: deploy apply",
    )


def outcome_of(server: Server, status: int) -> Pushed:
    """What the exit code of a script means; raises DeployError for a server whose scripts are elsewhere."""
    if status == Pushed.NO_SCRIPT and not server.ask(f"[ -e {PUSH_OF_BEFORE} ]").status:
        raise DeployError(
            f"{server.host} was set up by an earlier deploy, with other scripts", "Run: deploy apply"
        )
    return Pushed(status) if status in set(Pushed) else Pushed.FAILED
