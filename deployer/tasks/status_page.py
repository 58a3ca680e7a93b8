"""Let a server make its status page."""

import shlex
from collections.abc import Iterable

from deployer.errors import DeployError
from deployer.server.connection import Server
from deployer.tasks.push import PROGRAMS, outcome_of
from deployer.waiting import waiting


def page(server: Server, without: Iterable[str]) -> bytes:
    """The page of all that this server has but these, as HTML."""
    return _made(server, *(word for name in without for word in ("--without", name)))


def publish(server: Server, site: str) -> None:
    """Make the page of this site anew, now."""
    _made(server, site, "--publish")


def _made(server: Server, *words: str) -> bytes:
    with waiting(f"{server.host} looks at its sites"):
        answer = server.ask(shlex.join([f"{PROGRAMS}/status-page", *words]))
    if outcome_of(server, answer.status).needs_apply:
        raise DeployError(f"{server.host} cannot make that page yet", "Run: deploy apply")
    if answer.status:
        said = (answer.errors or answer.output.decode(errors="replace")).strip()
        raise DeployError(said.removeprefix("✗ ") or f"{server.host} makes no page: {answer.status}")
    return answer.output
