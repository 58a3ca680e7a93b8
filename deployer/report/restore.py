"""What a restore would do, and how it went."""

from collections.abc import Iterable

from deployer.backups.archives import Archive
from deployer.report import err, harmless, say
from deployer.report.figures import size, when
from deployer.values.quantities import amount

PLACES = {"vps": "the server", "home": "home", "s3": "S3"}


def show_archive(archive: Archive, host: str) -> None:
    """Which archive it is."""
    of, place = when(archive.time), PLACES[archive.place]
    err.print(f"{archive.name}: backup of {of} ({size(archive.bytes)}) from {place}", style="bold")
    if host:
        err.print(f"  onto {host}:")


def show_plan(lines: Iterable[str]) -> None:
    """What the server says that it would do."""
    for line in lines:
        err.print(f"  {harmless(line)}")


def show_interrupted(name: str, host: str) -> None:
    """What becomes of a restore that nobody waits for any more."""
    say(
        f"! {host} goes on without us: it undoes the restore of {name} if the service was not stopped yet,"
        " and finishes it if it was",
        style="yellow",
    )
    say(
        f"  how it went: deploy status, or the last line of /var/log/deploy/push.log on {host};"
        " another restore waits for this one"
    )


def show_end(restored: list[str], failed: list[str], seconds: float) -> None:
    """How many were restored, and which were not."""
    words = f"{amount(len(restored), 'restore')} in {seconds:.1f} s"
    err.print(words + (f"; not restored: {', '.join(failed)}" if failed else ""))
