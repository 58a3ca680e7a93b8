"""Ask a server how it is, and this machine's DNS where its names lead."""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress

from deployer.audit.evidence import Evidence, read_evidence
from deployer.doctor.result import FromHere
from deployer.errors import DeployError
from deployer.server.connection import Server, script_command
from deployer.server.names import Lookup
from deployer.tasks import script

PATIENCE = 1
"""Seconds that are waited for the DNS here once the server has answered."""


def doctor(server: Server, names: Iterable[str]) -> tuple[Evidence, FromHere]:
    """What the server tells of itself, in one round trip, and what is known of it from here meanwhile."""
    ask, asked = script("doctor.sh"), list(names)
    lookup = Lookup(asked)
    answer = server.ask(script_command(ask), ask)
    clock = time.time()
    if answer.status:
        raise DeployError(f"{server.host} does not tell how it is: {answer.errors.strip() or answer.status}")
    with server.understanding():
        seen = read_evidence(answer.output.decode(errors="replace"))
    found = lookup.found(PATIENCE)
    return seen, FromHere(clock, found, reached(server), unanswered=len({*asked} - {*found}))


def reached(server: Server) -> frozenset[str]:
    """The address at which the server was reached; none behind a jump, whose address is another."""
    link = server.transport.sock
    with suppress(OSError):
        return frozenset({str(link.getpeername()[0])} if isinstance(link, socket.socket) else ())
    return frozenset()
