"""Asks the server how it is, by the key that can only read, where there is one."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Generic, TypeVar

from deployer.audit.evidence import Evidence, read_evidence
from deployer.config.model import Config
from deployer.config.server import Server
from deployer.doctor import FromHere, Result, diagnose
from deployer.errors import DeployError
from deployer.home.newest import newest_at_home
from deployer.server import connection
from deployer.server.login import connect
from deployer.waiting import waiting

PROGRAM = "/usr/local/lib/deploy/bin/doctor"
WORD = "doctor"
PATIENCE = 60
"""Seconds in which a server has told how it is, the login included."""

Pulse = tuple[Evidence, tuple[Result, ...]]
"""What the server tells, and what a doctor makes of it."""


Said = TypeVar("Said")


class Asked(Generic[Said]):
    """A question to somebody that is on its way, and that nobody waits for longer than it deserves."""

    def __init__(self, who: str, ask: Callable[[], Said]) -> None:
        self._who = who
        self._end = time.monotonic() + PATIENCE
        self._answers: queue.SimpleQueue[Said | Exception] = queue.SimpleQueue()
        Thread(target=self._ask, args=(ask,), daemon=True).start()

    def _ask(self, ask: Callable[[], Said]) -> None:
        try:
            self._answers.put(ask())
        except Exception as error:
            self._answers.put(error)

    def answer(self) -> Said:
        """What it said; raises DeployError."""
        try:
            with waiting(f"asking {self._who}"):
                said = self._answers.get(timeout=max(0, self._end - time.monotonic()))
        except queue.Empty:
            raise DeployError(f"{self._who} has not told how it is within {PATIENCE} s") from None
        if isinstance(said, Exception):
            raise said
        return said


def pulse(config: Config, server: Server) -> Pulse:
    """How the server is, as it says and as it is known from here; raises DeployError."""
    with logged_in(config, server) as (there, forced):
        if forced:
            lines: list[str] = []
            status = there.follow_forced(WORD, lines.append)
            output = "\n".join(lines)
        else:
            answer = there.ask(PROGRAM)
            status, output = answer.status, answer.output.decode(errors="replace")
        clock = time.time()
        if status:
            said = output.strip().splitlines()[-1:] or [f"it ended with {status}"]
            raise DeployError(f"{there.host} does not tell how it is: {said[0]}", "Run: deploy apply")
        with there.understanding():
            seen = read_evidence(output)
            return seen, diagnose(seen, config, FromHere(clock, at_home=newest_at_home(config)))


@contextmanager
def logged_in(config: Config, server: Server) -> Iterator[tuple[connection.Server, bool]]:
    """A login, and whether it is by the key that is bound to a command."""
    home = config.home
    bound = Path(home.key).expanduser() if home and home.key else None
    if home and bound and bound.is_file():
        with connect(server.host, server.port, home.user, server.host_key, bound) as there:
            yield there, True
        return
    key = Path(server.key).expanduser() if server.key else None
    with connect(server.host, server.port, server.user, server.host_key, key) as there:
        yield there, False
