"""Archives as their names tell them; pure.

An archive is `NAME/backup-NAME-DATE.tar.zst.gpg` below a folder or an S3 prefix, DATE in UTC like
2026-11-21-230000; beside it stands its digest, `….sha256`, as `sha256sum` writes it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from deployer.errors import DeployError, UsageError

SUFFIX = ".tar.zst.gpg"
DIGEST = ".sha256"
STAMP = "%Y-%m-%d-%H%M%S"
# a domain, or the name of a service or folder: nothing that leads out of a folder
NAME = r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?"
PATH = re.compile(
    rf"(?P<name>{NAME})/backup-(?P=name)-(?P<stamp>[0-9]{{4}}(?:-[0-9]{{2}}){{2}}-[0-9]{{6}})", re.ASCII
)

# a date as a person writes it, or its beginning by whole parts: 2026, 2026-11, 20261121, 2026-11-21 08:09:18
DATE = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d)(?:[ T-]?(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?)?)?", re.ASCII)

AHEAD = timedelta(days=1)
FRESH = timedelta(hours=26)  # what was made each night is no older than that


@dataclass(frozen=True, slots=True, order=True)
class Archive:
    """An archive of a site, service or folder; its time is that of its name, its warnings are those known."""

    name: str
    time: datetime
    bytes: int = 0
    place: str = ""
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def stamp(self) -> str:
        """The time as the file's name has it."""
        return stamp_of(self.time)

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"backup-{self.name}-{self.stamp}{SUFFIX}"

    @property
    def path(self) -> str:
        """The path below the folder that holds all archives."""
        return f"{self.name}/{self.file}"


@lru_cache(1 << 16)
def stamp_of(time: datetime) -> str:
    """A time as the names of files have it; a pull asks for a thousand of them again and again."""
    return time.strftime(STAMP)


@lru_cache(1 << 16)
def time_of(stamp: str) -> datetime | None:
    """The time that the name of a file has, or None."""
    try:  # as STAMP says: strptime takes six times as long, and there may be ten thousand
        day, clock = stamp[:10], f"{stamp[11:13]}:{stamp[13:15]}:{stamp[15:]}"
        return datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:
        return None


def parse(path: str, size: int = 0, place: str = "") -> Archive | None:
    """The archive that a path names, or None for anything else; size in bytes."""
    named = _named(path)
    return Archive(*named, size, place) if named else None


@lru_cache(1 << 16)
def _named(path: str) -> tuple[str, datetime] | None:
    match = PATH.fullmatch(path.removesuffix(SUFFIX)) if path.endswith(SUFFIX) else None
    time = time_of(match["stamp"]) if match and ".." not in match["name"] else None
    if not match or not time or Archive(match["name"], time).path != path:
        return None
    return match["name"], time


def beginning(date: str) -> str:
    """The digits that the stamps of a date's archives begin with; raises UsageError for what is no date."""
    match = DATE.fullmatch(date)
    try:
        parts = [part for part in match.groups() if part] if match else []
        datetime(*map(int, parts), *(1, 1)[len(parts) - 1 :])  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UsageError(
            f"'{date}' is no date of a backup",
            "Write it, or its beginning, as: 2026-11, 2026-11-21, or '2026-11-21 08:09' (UTC)\n"
            "Those there are: deploy backup --list",
        ) from None
    return "".join(parts)


def is_from_the_future(archive: Archive, now: datetime) -> bool:
    """Whether its time cannot be: taken for real, it would push out good archives, and be fresh for ever."""
    return archive.time > now + AHEAD


def digest_of(text: str, file: str) -> str | None:
    """The digest in the text of a `.sha256` of this file, or None where it is not one."""
    match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)\n?", text, re.ASCII)
    return match[1] if match and match[2] == file else None


def proof(text: str | None, archive: Archive) -> str | None:
    """The digest in the `.sha256` of an archive, None where there is none; raises DeployError for others."""
    digest = None if text is None else digest_of(text, archive.file)
    if digest is None and text is not None:
        raise DeployError(
            f"the digest beside {archive.file} is empty, or of another file: nobody vouches for it",
            "Take another archive (--at), or one from another place (--from)",
        )
    return digest


def by_name(archives: Iterable[Archive]) -> dict[str, list[Archive]]:
    """The archives of each name, the newest first."""
    found: dict[str, list[Archive]] = {}
    for archive in sorted(archives, key=lambda each: each.time, reverse=True):
        found.setdefault(archive.name, []).append(archive)
    return dict(sorted(found.items()))
