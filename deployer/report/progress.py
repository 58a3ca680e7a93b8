"""What a long task says while it runs: a spinner with the time on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.status import Status

from deployer.report import err, harmless

_STYLES = {"✓": "green", "✗": "bold red", "!": "yellow"}


class Progress:
    """Prints a task's lines; `▸ step` begins a step, `✓ step` and `✗ step` end it.

    What has steps or lines of its own, such as a service among several, is printed above them.
    """

    def __init__(self) -> None:
        self._status = Status("", console=err)
        self._step = ""
        self._since = monotonic()

    def line(self, text: str) -> None:
        """Show one line."""
        text = harmless(text)
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
        self._step, self._since = step, monotonic()
        if err.is_terminal:
            self._status.update(_Running(step, self._since))
            self._status.start()

    def _head(self) -> None:
        if self._step:
            err.print(f"▸ {self._step}")
            self._step = ""

    def _end(self) -> None:
        self._step = ""
        self._status.stop()


class _Running:
    """The name of a step and for how long it has been running, whenever it is drawn."""

    def __init__(self, step: str, since: float) -> None:
        self.step, self.since = step, since

    def __rich__(self) -> str:
        return f"{self.step} … {monotonic() - self.since:.0f} s"


@contextmanager
def progress() -> Iterator[Progress]:
    """A Progress that leaves the terminal as it found it."""
    shown = Progress()
    try:
        yield shown
    finally:
        shown.close()
