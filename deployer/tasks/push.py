"""Publish a site: one call to the server's own push script."""

import shlex
from collections.abc import Callable
from enum import IntEnum

from deployer.errors import DeployError
from deployer.server.connection import Server
from deployer.server.repository import bundle

SCRIPTS = "/usr/local/lib/deploy"


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


def push(
    server: Server,
    domain: str,
    line: Callable[[str], None],
    who: str,
    repository: str,
    reference: str = "",
    force: bool = False,
) -> Pushed:
    """Publish the newest revision, or the given one.

    `repository` is the local path of a repository to send along; empty: the server fetches by itself.
    """
    options = ["--by", who, *(["--force"] if force else [])]
    if not repository:
        options += ["--attached", *(["--ref", reference] if reference else [])]
        return _script(server, "push", line, domain, *options, attached=True)
    answer = server.ask(f"{SCRIPTS}/have {shlex.quote(domain)}")
    if answer.status:
        return _outcome(answer.status)
    data = bundle(repository, reference, answer.output.decode().split())
    return _script(server, "push", line, domain, *options, "--bundle", data=data)


def rollback(server: Server, domain: str, line: Callable[[str], None], who: str, release: str = "") -> Pushed:
    """Make an earlier release live again: the one before, or the given one."""
    return _script(server, "rollback", line, domain, "--by", who, *(["--to", release] if release else []))


def ask_script(server: Server, name: str, *arguments: str) -> str:
    """The output of one of the server-side scripts; raises DeployError with its words."""
    answer = server.ask(shlex.join([f"{SCRIPTS}/{name}", *arguments]))
    outcome = _outcome(answer.status)
    if outcome.needs_apply:
        raise DeployError(f"{' '.join(arguments[:1])} is not on {server.host} yet", "Run: deploy apply")
    if outcome is not Pushed.DONE:
        raise DeployError((answer.errors or answer.output.decode(errors="replace")).strip())
    return answer.output.decode(errors="replace")


def _script(
    server: Server,
    name: str,
    line: Callable[[str], None],
    *arguments: str,
    data: bytes = b"",
    attached: bool = False,
) -> Pushed:
    return _outcome(
        server.follow(shlex.join([f"{SCRIPTS}/{name}", *arguments]), line, data=data, attached=attached)
    )


def _outcome(status: int) -> Pushed:
    return Pushed(status) if status in set(Pushed) else Pushed.FAILED
