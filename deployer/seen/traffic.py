"""What visitors asked of a site, day by day, as the server's program `traffic` counts it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The counts of one day, in the order in which the server tells them."""

    date: str
    requests: int = 0
    visitors: int = 0
    bytes: int = 0
    robots: int = 0
    missing: int = 0
    failed: int = 0
    unreadable: int = 0


COUNTS = tuple(each.name for each in fields(Day))[1:]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Of one site: its days, the oldest first, and by how often they came, pages and the like."""

    site: str
    days: list[Day] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)
    referrers: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    robots: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Logs that cannot be read to their end."""

    def total(self, count: str) -> int:
        """The sum of a count over all days."""
        return sum(getattr(day, count) for day in self.days)


def read_traffic(told: str, names: Iterable[str]) -> list[Traffic]:
    """What it says of these sites, in their order; raises ValueError or LookupError for other words."""
    found = {name: Traffic(name) for name in names}
    for line in told.removesuffix("\n").split("\n") if told else ():
        kind, site, *words = line.split("\t")
        traffic = found[site]
        lists = {
            "page": traffic.pages,
            "referrer": traffic.referrers,
            "missing": traffic.missing,
            "robot": traffic.robots,
        }
        if kind == "day":
            date, *counts = words
            traffic.days.append(Day(date=date, **dict(zip(COUNTS, map(int, counts), strict=True))))
        elif kind == "lost":
            traffic.lost.append(words[0])
        else:
            count, what = words
            lists[kind][what] = int(count)
    for traffic in found.values():
        traffic.days.sort(key=lambda day: day.date)
    return list(found.values())
