"""Which archives are kept: the newest of each of the last days, weeks and months that have one; pure.

Besides, all of the 48 hours up to the newest and at least the three newest stay, so that a backup of what is
damaged does not push out the good one of the same day.
Days without an archive do not count, so failures never eat the history. Days, weeks (from Monday) and
months are those of UTC, as in the archives' names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

RECENT = timedelta(hours=48)
AT_LEAST = 3


class Amounts(Protocol):
    """How many days, weeks and months keep their newest archive."""

    @property
    def daily(self) -> int: ...
    @property
    def weekly(self) -> int: ...
    @property
    def monthly(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Keep:
    """Plain amounts, where no configuration is at hand."""

    daily: int
    weekly: int
    monthly: int


def kept(times: Iterable[datetime], keep: Amounts) -> frozenset[datetime]:
    """Those of the times that stay: never none of some, whatever the amounts are."""
    newest_first = sorted(set(times), reverse=True)
    return frozenset(
        [
            *newest_first[:AT_LEAST],
            *(time for time in newest_first if newest_first[0] - time < RECENT),
            *_newest_of_each(newest_first, keep.daily, lambda time: time.strftime("%Y-%m-%d")),
            *_newest_of_each(newest_first, keep.weekly, lambda time: time.strftime("%G-%V")),
            *_newest_of_each(newest_first, keep.monthly, lambda time: time.strftime("%Y-%m")),
        ]
    )


def _newest_of_each(
    newest_first: Iterable[datetime], count: int, period: Callable[[datetime], str]
) -> list[datetime]:
    newest: dict[str, datetime] = {}
    for time in newest_first:
        newest.setdefault(period(time), time)
    return list(newest.values())[:count]
