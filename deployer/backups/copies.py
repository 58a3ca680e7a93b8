"""What there is of backups, in every place, and what was found out about them: values; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from deployer.backups.archives import Archive, by_name


@dataclass(frozen=True, slots=True)
class Row:
    """The archives of one name at home: the newest, how many, all their bytes; what this pull changed."""

    name: str
    newest: datetime
    archives: int
    bytes: int
    new: int
    removed: int
    s3: int | None


@dataclass
class Night:
    """How a pull ended: what is at home now, what was read again, what is wrong, who could not be told."""

    rows: list[Row]
    new: int
    troubles: list[str]
    exit_code: int
    again: int = 0
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in an archive: members as end.json counts them, bytes of the stream, the backup's warnings.

    `tables` is how many tables of a database were compared with its dump, None where none could be.
    """

    members: int
    bytes: int
    seconds: float
    warnings: tuple[str, ...] = ()
    tables: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reading an archive found: its contents, or what is wrong with it."""

    archive: Archive
    contents: Contents | None
    error: str = ""


def rows(
    held: Iterable[Archive], new: Iterable[Archive], removed: Iterable[Archive], s3: Iterable[Archive] | None
) -> list[Row]:
    """One row for each name that has archives at home."""
    came, went, offsite = by_name(new), by_name(removed), by_name(s3 or ())
    return [
        Row(
            name,
            archives[0].time,
            len(archives),
            sum(archive.bytes for archive in archives),
            len(came.get(name, ())),
            len(went.get(name, ())),
            None if s3 is None else len(offsite.get(name, ())),
        )
        for name, archives in by_name(held).items()
    ]
