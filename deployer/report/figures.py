"""What the tables of backups have in common: ages, times and sizes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deployer.backups.archives import FRESH
from deployer.report import harmless, say
from deployer.values.quantities import amount

if TYPE_CHECKING:
    from rich.text import Text

UNITS = ("B", "KB", "MB", "GB", "TB")


def complain_of(troubles: Sequence[str], warnings: Sequence[str]) -> None:
    """Say what is wrong, after the table."""
    for warning in warnings:
        say(harmless(f"! {warning}"), style="yellow")
    for trouble in troubles:
        say(harmless(f"✗ {trouble}"), style="bold red")


def aged(time: datetime, now: datetime) -> "Text":
    """A time with its age, red when it is not of last night."""
    from rich.text import Text

    return Text(f"{age(now - time)} ago", style="green" if now - time <= FRESH else "bold red")


def age(passed: timedelta) -> str:
    """A span of time in the one unit that tells most."""
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 120:
        return amount(minutes, "minute")
    return amount(minutes // 60, "hour") if minutes < 48 * 60 else amount(minutes // 1440, "day")


def when(time: datetime) -> str:
    """A time as people read it."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


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
