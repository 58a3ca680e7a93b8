"""What a watch has seen, as a table and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from rich.text import Text

from deployer.report import data, harmless, out, say
from deployer.report.table import show_table
from deployer.watching.seen import Seen


def show_seen(seen: Seen) -> None:
    """Print a row for each visit, what is not well, and what was told."""
    rows = [
        (
            visit.name,
            visit.address or "–",
            Text(str(visit.status or "no answer"), style="bold red" if visit.wrong else "green"),
            f"{visit.seconds * 1000:.0f} ms",
            "–" if visit.days is None else f"{visit.days} days",
        )
        for visit in seen.visits
    ]
    show_table(("name", "address", "answer", "time", "certificate"), rows)
    for trouble in seen.troubles:
        out.print(Text(harmless(f"✗ {trouble.what}"), style="red"))
    if seen.offline:
        say("! This machine has no network: nothing is known, and nothing is told")
    elif not seen.troubles:
        say(f"✓ {seen.host} is well", style="green")
    told = "told" if seen.told else "nobody was told"
    for known in seen.news.new.values():
        say(f"→ {told}: {harmless(known.what)}")
    for known in seen.news.well.values():
        say(f"→ {told}: well again: {harmless(known.what)}")
    show_outcome({name: why for name, why in seen.outcome.items() if why})
    for warning in seen.warnings:
        say(f"! {warning}", style="yellow")


def show_outcome(outcome: Mapping[str, str]) -> None:
    """Print how it went with each channel."""
    for name, why in outcome.items():
        if why:
            say(f"✗ {name}: {harmless(why)}", style="red")
        else:
            say(f"✓ {name}", style="green")


def seen_json(seen: Seen) -> str:
    """The round as one JSON document."""
    return json.dumps(
        {
            "server": seen.host,
            "fine": not seen.troubles,
            "offline": seen.offline,
            "visits": [{**asdict(visit), "fine": not visit.wrong} for visit in seen.visits],
            "troubles": [{"what": trouble.what, "site": trouble.site} for trouble in seen.troubles],
            "told": [known.what for known in seen.news.new.values()] if seen.told else [],
            "well_again": [known.what for known in seen.news.well.values()],
            "channels": dict(seen.outcome),
            "warnings": list(seen.warnings),
        },
        indent=2,
    )


def show_json(seen: Seen) -> None:
    """Print it as JSON."""
    data(seen_json(seen))
