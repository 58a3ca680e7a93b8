"""How news is told: a line that a phone shows whole, and what it is about; pure."""

from collections.abc import Iterator

from deployer.values.quantities import amount
from deployer.watching.memory import Known, News

MOST = 12


def title(host: str, news: News) -> str:
    """What it is about, in a few words."""
    if not news.new:
        return f"{host}: well again"
    return f"{host}: {amount(len(news.new), 'thing')} {'is' if len(news.new) == 1 else 'are'} not well"


def text(news: News, now: float) -> str:
    """A line for each; of many, the first."""
    lines = [*_lines(news, now)]
    more = len(lines) - MOST
    return "\n".join([*lines[:MOST], *([f"and {more} more: deploy watch"] if more > 0 else [])])


def _lines(news: News, now: float) -> Iterator[str]:
    for known in news.new.values():
        yield f"✗ {known.what}"
    for known in news.well.values():
        yield f"✓ well again, after {_lasted(known, now)}: {known.what}"


def _lasted(known: Known, now: float) -> str:
    minutes = max(1, int((now - known.since) / 60))
    if minutes < 120:
        return amount(minutes, "minute")
    return amount(minutes // 60, "hour") if minutes < 2880 else amount(minutes // 1440, "day")
