"""What visitors asked of sites, as tables and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from deployer.report import data, harmless, out, say
from deployer.report.figures import size
from deployer.report.prices import month_of
from deployer.report.table import show_table
from deployer.seen.traffic import COUNTS, Day, Traffic
from deployer.values.quantities import amount

HEAD = ("requests", "visitors", "sent", "robots", "missing", "failed")
LISTS = {"pages": "page", "referrers": "came from", "missing": "missing", "robots": "robot"}
TOLD = 10


def show_traffic(found: Sequence[Traffic], days: int) -> None:
    """Print a row for each site; of a single one, a row for each day, and what came most often."""
    visited = [each for each in found if each.days]
    if len(found) == 1:
        for each in visited:
            _show_one(each)
    else:
        show_table(("site", *HEAD), [(each.site, *_figures(_sum(each))) for each in visited])
    for each in found:
        if not each.days:
            say(f"{each.site}: no visit in {amount(days, 'day')}.")
        elif unreadable := each.total("unreadable"):
            lines = f"{amount(unreadable, 'line')} of its log {'is' if unreadable == 1 else 'are'}"
            say(f"! {each.site}: {lines} not in NGINX's own format, so not counted.", style="yellow")
        for log in each.lost:
            say(harmless(f"! {each.site}: {log} cannot be read to its end."), style="yellow")
    if month := month_of(found):
        prices = ", ".join(f"{platform.name} ${dollars:,.2f}" for platform, dollars in month.prices.items())
        what = f"{size(round(month.sent))}, {month.requests:,.0f} requests"
        say(f"A month of this ({what}) elsewhere: {prices}.")


def traffic_json(found: Sequence[Traffic]) -> str:
    """All of it as one JSON document."""
    sites = [
        {
            "site": each.site,
            **{count: each.total(count) for count in COUNTS},
            "days": [asdict(day) for day in each.days],
            "most": {
                kind: [{"what": what, "requests": count} for what, count in getattr(each, kind).items()]
                for kind in LISTS
            },
            "lost": each.lost,
        }
        for each in found
    ]
    month = month_of(found)
    elsewhere = [
        {"platform": each.name, "dollars": dollars, "read": each.read, "source": each.source}
        for each, dollars in (month.prices if month else {}).items()
    ]
    return json.dumps({"sites": sites, "elsewhere": elsewhere}, indent=2)


def _show_one(traffic: Traffic) -> None:
    rows = [(day.date, *_figures(day)) for day in traffic.days]
    show_table((traffic.site, *HEAD), [*rows, ("all", *_figures(_sum(traffic)))])
    for kind, name in LISTS.items():
        most = list(getattr(traffic, kind).items())[:TOLD]
        if most:
            data("") if not out.is_terminal else out.print("")
            show_table(("times", name), [(f"{count:,}", harmless(what)) for what, count in most])


def _sum(traffic: Traffic) -> Day:
    return Day(date="", **{count: traffic.total(count) for count in COUNTS})


def _figures(day: Day) -> tuple[str, ...]:
    counts = [f"{count:,}" for count in (day.requests, day.visitors)]
    return (*counts, size(day.bytes), *(f"{count:,}" for count in (day.robots, day.missing, day.failed)))
