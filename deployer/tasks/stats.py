"""Ask a server what visitors asked of its sites."""

import shlex
from collections.abc import Sequence

from deployer.errors import DeployError
from deployer.seen.traffic import Traffic, read_traffic
from deployer.server.connection import Server
from deployer.tasks.push import PROGRAMS, outcome_of
from deployer.waiting import waiting


def stats(server: Server, names: Sequence[str], days: int) -> list[Traffic]:
    """What visitors asked of these in the last days; the server reads only what it has not yet counted."""
    command = shlex.join([f"{PROGRAMS}/traffic", *names, "--days", str(days)])
    with waiting(f"{server.host} counts"):
        answer = server.ask(command)
        if outcome_of(server, answer.status).needs_apply:
            raise DeployError(f"{server.host} cannot count visitors yet", "Run: deploy apply")
        if answer.status:
            said = (answer.errors or answer.output.decode(errors="replace")).strip()
            raise DeployError(said.removeprefix("✗ ") or f"{server.host} does not count: {answer.status}")
    with server.understanding():
        return read_traffic(answer.output.decode(errors="replace"), names)
