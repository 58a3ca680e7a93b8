"""What platforms that meter their traffic ask for as much of it: list prices, with their date and source."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from deployer.seen.traffic import Traffic

MONTH = 30
GIGABYTE, MILLION = 10**9, 10**6
COLLECTION = "https://github.com/api-evangelist"


@dataclass(frozen=True, slots=True)
class Platform:
    """One plan, in US dollars: each month, and for what goes beyond the gigabytes and requests in it."""

    name: str
    each_month: float
    gigabytes: int
    each_gigabyte: float
    requests: int
    each_million: float
    read: str
    source: str

    def dollars(self, sent: float, requests: float) -> float:
        """What a month costs in which so many bytes are sent, as the answers to so many requests."""
        beyond = max(0.0, sent / GIGABYTE - self.gigabytes), max(0.0, requests - self.requests) / MILLION
        return self.each_month + beyond[0] * self.each_gigabyte + beyond[1] * self.each_million


PLATFORMS = (
    Platform("Vercel Pro", 20, 1000, 0.15, 10 * MILLION, 2.00, "2026-05-04", f"{COLLECTION}/vercel"),
    Platform("Fastly", 0, 100, 0.12, MILLION, 1.00, "2026-09-20", f"{COLLECTION}/fastly"),
)
"""As a public collection of price lists had them on that day: Vercel's for one seat, Fastly's for North
America and Europe. Fastly's were compared with its page there; nobody has compared Vercel's for us."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the traffic of some days: bytes and requests, and what each platform asks for them."""

    sent: float
    requests: float

    @property
    def prices(self) -> dict[Platform, float]:
        """In US dollars."""
        return {each: round(each.dollars(self.sent, self.requests), 2) for each in PLATFORMS}


def month_of(found: Sequence[Traffic]) -> Month | None:
    """A month of which all days are like those that were counted; None without any."""
    dates = [datetime.date.fromisoformat(day.date) for each in found for day in each.days]
    if not dates:
        return None
    share = MONTH / ((max(dates) - min(dates)).days + 1)
    return Month(*(share * sum(each.total(count) for each in found) for count in ("bytes", "requests")))
