"""What could not be brought up on a server, as its apply has written down; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """A composition that was not well when it was brought up: the digest of what was tried, when, and why."""

    tried: str
    time: int
    why: str

    def __str__(self) -> str:
        return f"failed at {datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M} UTC ({self.why})"


def read_failures(lines: Iterable[str]) -> dict[str, Failure]:
    """Understand what observe.sh tells: NAME, TIME, DIGEST and WHY on each line."""
    found = {}
    for line in lines:
        match line.split(" ", 3):
            case [name, time, tried, why] if time.isdigit():
                found[name] = Failure(tried, int(time), why)
    return found
