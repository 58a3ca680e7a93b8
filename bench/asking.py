"""A visitor who asks for a page fifty times a second, and counts the answers that are errors."""

import http.client
import time
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self

from bench.measure import Command, Failed, timed

EVERY = 0.02
PATIENCE = 70.0  # seconds: longer than a waiting room holds anybody
ASKERS = 128


@dataclass
class Visitor:
    """Asks for http://DOMAIN/ at an address, each time over a new connection, whatever the answers before."""

    address: str
    domain: str
    well: frozenset[int] = frozenset({200})
    """The statuses that are no error."""
    patience: float = PATIENCE
    """Seconds that one waits for an answer."""
    most: int = ASKERS
    """How many wait at a time; who would come then comes later."""
    answers: list[tuple[float, float, int]] = field(default_factory=list)
    """Of each request: when it was asked, how many seconds it took, and the status; 0 for none."""
    _enough: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Ask once, and note the answer."""
        began = time.perf_counter()
        line = http.client.HTTPConnection(self.address, 80, timeout=self.patience)
        try:
            line.request("GET", "/", headers={"Host": self.domain})
            answer = line.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            line.close()
        self.answers.append((began, time.perf_counter() - began, status))

    def count_failed(self) -> int:
        """Requests that got an error, or no answer."""
        return sum(status not in self.well for _, _, status in self.answers)

    def failed(self) -> float:
        """Seconds of requests that got an error, or no answer."""
        return EVERY * self.count_failed()

    def slowest(self) -> float:
        """Seconds of the slowest request that was answered well."""
        return max(took for _, took, status in self.answers if status in self.well)

    def is_served(self, seconds: float, well: Container[int] = ()) -> bool:
        """Whether all requests of the last seconds were answered well, or with these statuses."""
        recent = [status for began, _, status in self.answers if began > time.perf_counter() - seconds]
        return bool(recent) and all(status in (well or self.well) for status in recent)

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(self.most)
        self._thread = Thread(target=self._keep_asking)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        self._thread.join()
        self._pool.shutdown()

    def _keep_asking(self) -> None:
        due = time.perf_counter()
        while not self._enough.wait(max(0, due - time.perf_counter())):
            self._pool.submit(self.ask)
            due += EVERY


def errors(visitor: Visitor, command: Command, then: Container[int] = ()) -> float:
    """Seconds of errors that a visitor gets from a command on, until the domain is served for two seconds.

    `then` are the statuses that mean so, where they are other ones than before.
    """
    with visitor:
        until(lambda: visitor.is_served(0.5), f"{visitor.domain} is not served", 20)
        timed(command)
        until(lambda: visitor.is_served(2, then), f"{visitor.domain} is not served again", 30)
    return visitor.failed()


def until(fine: Callable[[], bool], otherwise: str, seconds: float) -> None:
    """Wait for it; raises Failed when it takes longer."""
    deadline = time.perf_counter() + seconds
    while not fine():
        if time.perf_counter() > deadline:
            raise Failed(otherwise)
        time.sleep(0.1)
