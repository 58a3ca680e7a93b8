"""The one line that moves, on a terminal: what is waited for, how long, what is left and how fast it goes."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from deployer.report import err
from deployer.report.figures import size
from deployer.waiting import Waiting

if TYPE_CHECKING:
    from rich.live import Live

SECONDS = 5
"""How fast it goes is the mean of the last so many."""


class Display:
    """Shows the innermost of the waits that go on, with the figures of the last that is counted."""

    def __init__(self) -> None:
        self._waits: list[Waiting] = []
        self._lock = Lock()
        self._live: Live | None = None
        self._pace = Pace()

    def begin(self, wait: Waiting) -> None:
        """Show a wait until it ends."""
        if not err.is_terminal:
            return
        with self._lock:
            self._waits.append(wait)
            if self._live is None:
                from rich.live import Live
                from rich.spinner import Spinner

                spinner = Spinner("dots", text=self, style="status.spinner")
                self._live = Live(
                    spinner, console=err.console, transient=True, redirect_stdout=False, redirect_stderr=False
                )
                self._live.start()

    def end(self, wait: Waiting) -> None:
        """Show it no more."""
        with self._lock:
            if wait in self._waits:
                self._waits.remove(wait)
            if self._live and not self._waits:
                self._live.stop()
                self._live = None

    def __rich__(self) -> str:
        waits, now = list(self._waits), monotonic()  # another thread may end one meanwhile
        if not waits:
            return ""
        counts = next((wait for wait in reversed(waits) if wait.done), None)
        figures = self._pace.tell(counts, now) if counts else f"{now - waits[-1].since:.0f} s"
        return f"{waits[-1].what} … {figures}"


class Pace:
    """How much of a wait is done, how much is left, and how fast it goes."""

    def __init__(self) -> None:
        self._of: Waiting | None = None
        self._seen: deque[tuple[float, int]] = deque()

    def tell(self, wait: Waiting, now: float) -> str:
        """The figures of a wait at a moment, which is later each time."""
        if self._of is not wait:
            self._of = wait
            self._seen = deque([(wait.since, 0)])
        while len(self._seen) > 1 and self._seen[1][0] <= now - SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        done = wait.done
        self._seen.append((now, done))
        speed = (done - before) / (now - since) if now > since else 0.0
        if not wait.expected:
            return f"{size(done)}, {size(speed)}/s"
        left = max(wait.expected - done, 0)
        told = f"{size(done)} of {size(wait.expected)}, {size(speed)}/s"
        return f"{told}, {duration(left / speed)} left" if speed else told


def duration(seconds: float) -> str:
    """A span of time that is still to come, in the unit that tells most."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


display = Display()


@contextmanager
def displayed(wait: Waiting) -> Iterator[None]:
    """The wait is shown as long as this lasts."""
    display.begin(wait)
    try:
        yield
    finally:
        display.end(wait)
