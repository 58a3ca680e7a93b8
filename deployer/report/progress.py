"""What a long task says while it runs: a spinner with the time on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployer.report import err, words
from deployer.report.display import display
from deployer.suggested import with_file
from deployer.waiting import Waiting

_STYLES = {"✓": "green", "✗": "bold red", "!": "yellow"}


class Progress:
    """Prints a task's lines; `▸ step` begins a step, `✓ step` and `✗ step` end it.

    What has steps or lines of its own, such as a service among several, is printed above them.
    """

    def __init__(self) -> None:
        self._step = ""
        self._wait: Waiting | None = None

    def line(self, text: str) -> None:
        """Show one line."""
        text = words(text)
        if not text.startswith(" "):  # else they are a program's own words
            text = with_file(text)
        if not text.startswith((f"✓ {self._step}", f"✗ {self._step}")):
            self._head()
        if text.startswith("▸ "):
            self._begin(text[2:])
            return
        if text[:1] in "✓✗":
            self._end()
        err.print(text, style=_STYLES.get(text[:1], ""))

    @contextmanager
    def doing(self, step: str) -> Iterator[None]:
        """Show a step of our own while it runs."""
        self._begin(step)
        try:
            yield
        finally:
            self._end()

    def close(self) -> None:
        """End whatever is being shown."""
        self._end()

    def _begin(self, step: str) -> None:
        before = self._wait
        self._step, self._wait = step, Waiting(step)
        display.begin(self._wait)
        if before:
            display.end(before)

    def _head(self) -> None:
        if self._step:
            err.print(f"▸ {self._step}")
            self._step = ""

    def _end(self) -> None:
        self._step = ""
        if self._wait:
            display.end(self._wait)
            self._wait = None


@contextmanager
def progress() -> Iterator[Progress]:
    """A Progress that leaves the terminal as it found it."""
    shown = Progress()
    try:
        yield shown
    finally:
        shown.close()
