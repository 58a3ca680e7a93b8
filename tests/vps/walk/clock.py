"""Where the time of a walk goes."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Clock:
    """The seconds that each thing has taken: commands by their names, looking, asking."""

    spent: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """What is done within is this."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.spent[what] += time.monotonic() - begun

    def __str__(self) -> str:
        return ", ".join(f"{what} {spent:.0f} s" for what, spent in self.spent.most_common())
