"""What happens at home, as tables and as JSON: pulls, verifications, timers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from deployer.backups.copies import Night, Row, Verdict
from deployer.report import harmless, say
from deployer.report.figures import aged, complain_of, size, stamp, when
from deployer.report.table import show_table


def show_night(night: Night) -> None:
    """Print one row for each name, and then all that is wrong."""
    now = datetime.now(UTC)
    head = ("name", "newest", "archives", "size", "new", "gone", "S3")
    show_table(head, [cells(row, now) for row in night.rows])
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
            "read_again": night.again,
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
        numbers = ("–", "–", "–", "–")
        if found:
            tables = "–" if found.tables is None else str(found.tables)
            numbers = (str(found.members), tables, size(found.bytes), f"{found.seconds} s")
        table_rows.append((verdict.archive.name, when(verdict.archive.time), state, *numbers))
    show_table(("name", "made", "is", "members", "tables", "unpacked", "took"), table_rows)
    told = [f"{v.archive.name}: {text}" for v in verdicts if v.contents for text in v.contents.warnings]
    complain_of([f"{v.archive.file}: {v.error}" for v in verdicts if v.error], [*told, *warnings])


def verdicts_json(verdicts: Sequence[Verdict], warnings: Sequence[str]) -> str:
    """The archives that were read as one JSON document."""
    found = [
        {
            "archive": verdict.archive.path,
            "good": verdict.contents is not None,
            "members": verdict.contents.members if verdict.contents else None,
            "tables": verdict.contents.tables if verdict.contents else None,
            "bytes": verdict.contents.bytes if verdict.contents else None,
            "seconds": verdict.contents.seconds if verdict.contents else None,
            "warnings": list(verdict.contents.warnings) if verdict.contents else [],
            "error": verdict.error or None,
        }
        for verdict in verdicts
    ]
    return json.dumps({"archives": found, "warnings": list(warnings)}, indent=2)


def show_change(files: Mapping[Path, str | None], crontab: str | None) -> None:
    """Print what would be written and removed."""
    for path, text in files.items():
        say(harmless(f"+ {path}" if text else f"- {path}"), style="bold")
        for line in (text or "").splitlines():
            say(harmless(f"    {line}"))
    if crontab is not None:
        say("~ your crontab will be:", style="bold")
        for line in crontab.splitlines():
            say(harmless(f"    {line}"))


def change_json(files: Mapping[Path, str | None], crontab: str | None) -> str:
    """What would be written and removed, as one JSON document."""
    return json.dumps({"files": {str(p): text for p, text in files.items()}, "crontab": crontab}, indent=2)


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
