"""Visitors who ask and send all the time, and remember every answer."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BROKEN_OFF, NO_ANSWER = 0, -1
PAUSE = 0.04
"""Seconds after each answer: eight of them ask 200 times a second, and leave processors to what they look at."""


@dataclass
class Load:
    """They ask for the page, and send what is to come back; each time over a new connection."""

    address: str
    name: str
    pages: frozenset[bytes] = frozenset({b"page"})
    echo: str = "/"
    """The path where what is sent comes back."""
    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0
    wrong: list[tuple[str, int, float]] = field(default_factory=list)
    """Of each answer that was none: when it came, its status, and how many seconds it took."""
    enough: threading.Event = field(default_factory=threading.Event)

    def visit(self, sends: bool) -> None:
        """Go on until it is enough."""
        while not self.enough.is_set():
            began = time.monotonic()
            status = self.ask(b"x" * 300_000 if sends else None)
            took = time.monotonic() - began
            self.statuses[status] += 1
            self.longest = max(self.longest, took)
            if status != 200:
                self.wrong.append((time.strftime("%T"), status, round(took, 2)))
            self.enough.wait(PAUSE)

    def ask(self, body: bytes | None = None) -> int:
        """The status that a visitor gets, or whether the line was cut, or nothing came that answers the question."""
        line = http.client.HTTPConnection(self.address, timeout=90)
        try:
            headers = {"Host": self.name, "Connection": "close"}
            line.request("POST" if body else "GET", self.echo if body else "/", body, headers)
            answer = line.getresponse()
            text = answer.read()
        except (http.client.IncompleteRead, ConnectionResetError):
            return BROKEN_OFF
        except (OSError, http.client.HTTPException):
            return NO_ANSWER
        finally:
            line.close()
        right = text == body if body else text.strip() in self.pages
        return answer.status if right or answer.status != 200 else NO_ANSWER

    def goes_on(self, more: int = 60) -> None:
        """Wait until so many more requests have had their answer."""
        so_many = self.statuses.total() + more
        while self.statuses.total() < so_many:
            time.sleep(0.02)


@contextmanager
def visiting(load: Load, count: int = 8, sends: bool = True) -> Iterator[Load]:
    """Such visitors, every other one of whom sends something, before and after what is done meanwhile."""
    threads = [
        threading.Thread(target=load.visit, args=(sends and number % 2 == 0,)) for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.enough.set()
        for thread in threads:
            thread.join()
