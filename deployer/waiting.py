"""What is being waited for: said where it begins and is counted, and shown by whoever has a terminal."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from time import monotonic


@dataclass(eq=False)
class Waiting:
    """One thing that takes its time; `done` of `expected` bytes of it are done, 0: that cannot be counted."""

    what: str
    since: float = field(default_factory=monotonic)
    done: int = 0
    expected: int = 0

    def count(self, done: int, expected: int = 0) -> None:
        """Note how much of it is done, and about how much there is in all."""
        self.done, self.expected = done, expected


Shower = Callable[[Waiting], AbstractContextManager[None]]
_shower: Shower = lambda _: nullcontext()  # noqa: E731


def show_by(shower: Shower) -> None:
    """From now on, each wait is shown by this as long as it lasts."""
    global _shower
    _shower = shower


@contextmanager
def waiting(what: str) -> Iterator[Waiting]:
    """Something takes its time as long as this lasts."""
    wait = Waiting(what)
    with _shower(wait):
        yield wait


def counted(
    pieces: Iterable[bytes], wait: Waiting, expected: int, done: Callable[[], int] | None = None
) -> Iterator[bytes]:
    """The same pieces, each counted when it is dealt with: its bytes, or what `done` says."""
    passed = 0
    for piece in pieces:
        yield piece
        passed += len(piece)
        wait.count(done() if done else passed, expected)
