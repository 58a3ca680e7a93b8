"""The backups at home, as tables and as JSON."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich import box
from rich.table import Table
from rich.text import Text

from deployer.archives import Archive
from deployer.copies import FRESH, PLACES, Night, Row, Standing, Verdict
from deployer.report import amount, harmless, out, say

UNITS = ("B", "KB", "MB", "GB", "TB")


def show_night(night: Night) -> None:
    """Print one row for each name, and then all that is wrong."""
    now = datetime.now(UTC)
    out.print(
        table(
            ("name", "newest", "archives", "size", "new", "gone", "S3"), [cells(r, now) for r in night.rows]
        )
    )
    complain_of(night.troubles, night.warnings)


def night_json(night: Night) -> str:
    """The pull as one JSON document."""
    return json.dumps(
        {
            "fine": not night.troubles,
            "sites": [
                {
                    "name": row.name,
                    "newest": stamp(row.newest),
                    "archives": row.archives,
                    "bytes": row.bytes,
                    "new": row.new,
                    "removed": row.removed,
                    "s3": row.s3,
                }
                for row in night.rows
            ],
            "troubles": night.troubles,
            "warnings": night.warnings,
        },
        indent=2,
    )


def show_verdicts(verdicts: Sequence[Verdict], warnings: Sequence[str]) -> None:
    """Print one row for each archive that was read."""
    table_rows = []
    for verdict in verdicts:
        found = verdict.contents
        state = Text("good", style="green") if found else Text("bad", style="bold red")
        numbers = (str(found.members), size(found.bytes), f"{found.seconds} s") if found else ("–", "–", "–")
        table_rows.append((verdict.archive.name, when(verdict.archive.time), state, *numbers))
    out.print(table(("name", "archive", "is", "members", "unpacked", "took"), table_rows))
    complain_of([f"{v.archive.file}: {v.error}" for v in verdicts if v.error], warnings)


def verdicts_json(verdicts: Sequence[Verdict], warnings: Sequence[str]) -> str:
    """The archives that were read as one JSON document."""
    found = [
        {
            "archive": verdict.archive.path,
            "good": verdict.contents is not None,
            "members": verdict.contents.members if verdict.contents else None,
            "bytes": verdict.contents.bytes if verdict.contents else None,
            "seconds": verdict.contents.seconds if verdict.contents else None,
            "warnings": list(verdict.contents.warnings) if verdict.contents else [],
            "error": verdict.error or None,
        }
        for verdict in verdicts
    ]
    return json.dumps({"archives": found, "warnings": list(warnings)}, indent=2)


def show_standings(standings: Sequence[Standing], unknown: Sequence[str]) -> None:
    """Print how every name stands against 3-2-1."""
    head = ("name", *(PLACES), "copies", "media", "elsewhere", "verified", "3-2-1")
    out.print(table(head, [standing_cells(standing) for standing in standings]))
    complain_of((), unknown)


def standings_json(standings: Sequence[Standing], unknown: Sequence[str]) -> str:
    """How every name stands as one JSON document."""
    found = [
        {
            "name": each.name,
            "newest": {place: stamp(time) for place, time in each.newest.items()},
            "copies": each.copies,
            "media": each.media,
            "elsewhere": each.offsite,
            "verified": stamp(each.verified) if each.verified else None,
            "lacks": each.lacks,
        }
        for each in standings
    ]
    return json.dumps({"sites": found, "unknown": list(unknown)}, indent=2)


def archives_json(archives: Sequence[Archive], unknown: Sequence[str]) -> str:
    """Archives of all places as one JSON document."""
    found = [
        {"name": a.name, "time": stamp(a.time), "place": a.place, "bytes": a.bytes, "file": a.file}
        for a in archives
    ]
    return json.dumps({"archives": found, "unknown": list(unknown)}, indent=2)


def cells(row: Row, now: datetime) -> tuple[str | Text, ...]:
    """The cells of one name."""
    offsite = "–" if row.s3 is None else str(row.s3)
    return (
        row.name,
        aged(row.newest, now),
        str(row.archives),
        size(row.bytes),
        str(row.new),
        str(row.removed),
        offsite,
    )


def standing_cells(standing: Standing) -> tuple[str | Text, ...]:
    """The cells of one name against 3-2-1."""
    times = [standing.newest.get(place) for place in PLACES]
    places = [aged(time, standing.now) if time else "–" for time in times]
    verified = f"{age(standing.now - standing.verified)} ago" if standing.verified else "never"
    lacks = standing.lacks
    state = Text(f"lacks {', '.join(lacks)}", style="bold red") if lacks else Text("yes", style="green")
    numbers = (str(standing.copies), str(standing.media), str(standing.offsite))
    return (standing.name, *places, *numbers, verified, state)


def table(head: Sequence[str], lines: Sequence[Sequence[str | Text]]) -> Table:
    """A plain table."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in head:
        made.add_column(column, no_wrap=True)
    for line in lines:
        made.add_row(*(cell if isinstance(cell, Text) else harmless(cell) for cell in line))
    return made


def complain_of(troubles: Sequence[str], warnings: Sequence[str]) -> None:
    """Say what is wrong, after the table."""
    for warning in warnings:
        say(harmless(f"! {warning}"), style="yellow")
    for trouble in troubles:
        say(harmless(f"✗ {trouble}"), style="bold red")


def aged(time: datetime, now: datetime) -> Text:
    """A time with its age, red when it is not of last night."""
    return Text(f"{age(now - time)} ago", style="green" if now - time <= FRESH else "bold red")


def age(passed: timedelta) -> str:
    """A span of time in the one unit that tells most."""
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 120:
        return amount(minutes, "minute")
    return amount(minutes // 60, "hour") if minutes < 48 * 60 else amount(minutes // 1440, "day")


def when(time: datetime) -> str:
    """A time as people read it."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def stamp(time: datetime) -> str:
    """A time as programs read it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def size(count: float) -> str:
    """Bytes as people read them."""
    for unit in UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"
