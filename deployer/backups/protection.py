"""How each name is protected, against 3-2-1: copies, media, what is elsewhere and was read; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deployer.backups.archives import FRESH, Archive, is_from_the_future

PLACES = ("vps", "home", "s3")
RETIRE = ". If it is backed up no more, say so: home: {{retired: [{name}]}}"


@dataclass(frozen=True, slots=True)
class Read:
    """When an archive of a name was last decrypted and read, and when one must have been (None: never).

    `failed` has the names where that went wrong the last time; `again` tells since when all archives of a
    name at home were compared with their digests, `damaged` which files were found to differ.
    """

    last: Mapping[str, datetime]
    since: datetime | None = None
    failed: Collection[str] = ()
    again: Mapping[str, datetime] = field(default_factory=dict)
    damaged: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Protection:
    """How a name is protected: the newest archive in each place, and what it lacks.

    What is `retired` lacks no new one: it is backed up no more, and what there is of it stays.
    """

    name: str
    newest: Mapping[str, datetime]
    verified: datetime | None
    now: datetime
    unread: bool = False
    retired: bool = False
    again: datetime | None = None
    damaged: tuple[str, ...] = ()

    @property
    def fresh(self) -> list[str]:
        """The places whose newest archive is fresh."""
        return [place for place, time in self.newest.items() if self.now - time <= FRESH]

    @property
    def copies(self) -> int:
        """The data itself, and its fresh archives."""
        return 1 + len(self.fresh)

    @property
    def media(self) -> int:
        """Disks and stores that have it: the server's own counts whether or not an archive is on it."""
        return len({"vps", *self.fresh})

    @property
    def offsite(self) -> int:
        """Fresh copies that do not go down with the server."""
        return len([place for place in self.fresh if place != "vps"])

    @property
    def lacks(self) -> list[str]:
        """What is missing for 3 copies on 2 media, 1 of them elsewhere, and one that was read in time."""
        found = [f"a good copy of {file}, which is damaged at home" for file in self.damaged]
        if self.retired:
            return found
        if not self.fresh:
            newest = max(self.newest.values(), default=None)
            return [*found, f"an archive since {newest:%Y-%m-%d %H:%M} UTC" if newest else "an archive"]
        if self.copies < 3:
            found.append(f"{3 - self.copies} more fresh cop{'y' if self.copies == 2 else 'ies'}")
        if self.media < 2:
            found.append("a second medium")
        if self.offsite < 1:
            found.append("a copy elsewhere")
        if self.unread:
            found.append("a verified archive")
        return found


def protections(
    archives: Iterable[Archive],
    read: Read,
    now: datetime,
    retired: Collection[str] = (),
    names: Iterable[str] = (),
) -> list[Protection]:
    """How every name is protected, from the archives of all places; one from the future proves nothing.

    `names` are judged though they have no archive yet.
    """
    newest: dict[str, dict[str, datetime]] = {}
    for archive in archives:
        if not is_from_the_future(archive, now):
            places = newest.setdefault(archive.name, {})
            places[archive.place] = max(places.get(archive.place, archive.time), archive.time)
    for name in (*read.damaged, *names):
        newest.setdefault(name, {})
    return [
        Protection(
            name,
            places,
            last := read.last.get(name),
            now,
            unread=name in read.failed or (read.since is not None and (last is None or last < read.since)),
            retired=name in retired,
            again=read.again.get(name),
            damaged=tuple(read.damaged.get(name, ())),
        )
        for name, places in sorted(newest.items())
    ]


def judgement(protections: Iterable[Protection]) -> list[str]:
    """What is wrong with how the names are protected: the report and the timer say the same."""
    return [
        f"{each.name} lacks {', '.join(each.lacks)}{'' if each.fresh else RETIRE.format(name=each.name)}"
        for each in protections
        if each.lacks
    ]
