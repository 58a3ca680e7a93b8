"""What the server has to offer, as rsync lists it, and what of that is wanted; pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from deployer.backups.archives import DIGEST, Archive, by_name, parse
from deployer.backups.retention import Amounts, kept

FOLDER = re.compile(r"d[rwxsStT-]{9}\s+[0-9]+ [0-9/]{10} [0-9:]{8} ([a-z0-9][a-z0-9.-]*)")
LARGEST_DIGEST = 1 << 10  # bytes of a file that has one; its name is in it
LINE = re.compile(r"-[rwxsStT-]{9}\s+([0-9]+) ([0-9/]{10} [0-9:]{8}) (.+)")


@dataclass(frozen=True, slots=True)
class Offer:
    """An archive on the server: when its file was written, and the digest beside it (None: there is none)."""

    archive: Archive
    written: datetime
    digest: str | None = None


def tried(listing: str) -> set[str]:
    """The names whose backup was begun: each has a folder in the output of `rsync --list-only`."""
    return {match[1] for line in listing.splitlines() if (match := FOLDER.fullmatch(line))}


def with_digest(listing: str) -> dict[str, str]:
    """The paths of the archives that have a digest beside them, in the same output; when that was written."""
    lines = (LINE.fullmatch(line) for line in listing.splitlines() if line.endswith(DIGEST))
    found = (line for line in lines if line and int(line[1]) <= LARGEST_DIGEST)
    return {line[3].removesuffix(DIGEST): f"{line[1]} {line[2]}" for line in found}


def offers(listing: str, digests: Mapping[str, str]) -> list[Offer]:
    """Every archive in the output of `rsync --list-only` (times in UTC); digests by the archive's path."""
    found = []
    for line in listing.splitlines():
        match = LINE.fullmatch(line)
        archive = parse(match[3], int(match[1]), "vps") if match else None
        if match and archive:
            written = datetime.fromisoformat(match[2].replace("/", "-")).replace(tzinfo=UTC)
            found.append(Offer(archive, written, digests.get(archive.path)))
    return found


def wanted(offered: Iterable[Archive], held: Iterable[Archive], keep: Amounts) -> list[Archive]:
    """What of the offered is not held, and would be kept if it were; the newest first.

    Where both places have their own numbers, nothing is fetched that would be deleted the next moment.
    """
    there = by_name(held)
    chosen = []
    for name, archives in by_name(offered).items():
        have = {archive.time for archive in there.get(name, ())}
        stay = kept({*have, *(archive.time for archive in archives)}, keep) - have
        chosen += [archive for archive in archives if archive.time in stay]
    return sorted(chosen, key=lambda archive: archive.time, reverse=True)


def surplus(held: Iterable[Archive], keep: Amounts) -> list[Archive]:
    """What of the held is past its time; never all archives of a name."""
    gone = []
    for archives in by_name(held).values():
        stay = kept((archive.time for archive in archives), keep)
        gone += [archive for archive in archives if archive.time not in stay]
    return gone
