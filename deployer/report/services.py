"""What runs in containers, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.text import Text

from deployer.report import harmless, out
from deployer.report.table import show_table
from deployer.seen.containers import Container, Freshness, age_in_days
from deployer.values.quantities import amount

MEBIBYTE = 1024 * 1024


def show_services(containers: Sequence[Container]) -> None:
    """Print one row for each container."""
    now = datetime.now(UTC)
    head = ("service", "container", "state", "image", "of", "memory", "ports")
    show_table(head, [_row(each, now) for each in containers])


def services_json(containers: Sequence[Container]) -> str:
    """The containers as one JSON document."""
    return json.dumps([{**asdict(each), "fine": each.fine} for each in containers], indent=2)


def show_freshness(images: Sequence[Freshness]) -> None:
    """Print one line for each image."""
    for each in images:
        what = {True: "has a newer version", False: "is the newest", None: f"not known: {each.reason}"}[
            each.newer
        ]
        style = {True: "yellow", False: "green", None: ""}[each.newer]
        out.print(Text(harmless(f"{each.composition}: {each.image} {what}"), style=style))


def freshness_json(images: Sequence[Freshness]) -> str:
    """The images as one JSON document."""
    return json.dumps([asdict(each) for each in images], indent=2)


def _row(each: Container, now: datetime) -> tuple[str | Text, ...]:
    words = [_state(each), *([amount(each.restarts, "restart")] if each.restarts else [])]
    return (
        each.composition,
        each.service,
        Text(", ".join(words), style="green" if each.fine else "bold red"),
        each.image or "–",
        f"{amount(age_in_days(each.created, now), 'day')} ago" if each.created else "–",
        f"{each.memory // MEBIBYTE} MiB" if each.memory else "–",
        " ".join(each.ports) or "–",
    )


def _state(each: Container) -> str:
    if each.state == "exited":
        return "stopped" if each.stopped else f"exited with {each.exit_code}"
    return each.health if each.health and each.state == "running" else each.state
