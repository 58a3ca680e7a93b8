"""DNS records as values: what a zone has, whose a record is, and what would change of it; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from deployer.files import File
from deployer.planning.plan import Change, Surprise

MARK = re.compile(r"deploy: (\S+) on (\S+), ([0-9a-f]{8})")
LONGEST_MARK = 100
"""What Cloudflare takes as a comment on every plan."""
ALL = "sites.yaml"
"""Whose the records are that belong to no site."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a name. `ttl` None: as the provider likes it. `comment` is the provider's, for people.

    `identifier` is the provider's; `proxied`: it answers in the place of what the record leads to;
    `always_timed`: it has a `ttl` also where none was asked for.
    """

    name: str
    kind: str
    value: str
    ttl: int | None = None
    comment: str = ""
    identifier: str = field(default="", compare=False)
    proxied: bool = field(default=False, compare=False)
    always_timed: bool = field(default=False, compare=False)

    @property
    def line(self) -> str:
        """The record as a zone file has it, for people."""
        ttl = "" if self.ttl is None else f" {self.ttl}"
        through = " (proxied)" if self.proxied else ""
        return f"{self.name}{ttl} {self.kind} {self.value}{through}"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as its provider knows it; `keeper` is the key of `Dns.keepers`, `remark` what is odd of it."""

    name: str
    identifier: str
    keeper: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SeenZone:
    """A zone with all of its records."""

    zone: Zone
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All values that a name shall have of a type, and the site for which that is.

    `proxied`: whether the provider shall answer in its place; None: as it is.
    """

    name: str
    kind: str
    values: tuple[str, ...]
    ttl: int | None = None
    site: str | None = None
    proxied: bool | None = None


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What changes of a name and type: all that it has, and all that it shall have."""

    zone: Zone
    name: str
    kind: str
    before: tuple[Record, ...]
    after: tuple[Record, ...]
    site: str | None = None
    surprise: Surprise = Surprise.NONE

    @property
    def path(self) -> str:
        """What a plan calls it."""
        return f"dns:{self.zone.name}/{self.label}/{self.kind}"

    @property
    def label(self) -> str:
        """The name within its zone; the zone itself is @."""
        return self.name.removesuffix(self.zone.name).removesuffix(".") or "@"

    @property
    def seen_outside(self) -> bool:
        """Whether anybody is told something else than before; who marks a record only writes a comment."""
        told = [{(each.value, each.ttl) for each in side} for side in (self.before, self.after)]
        return bool(told[0]) and told[0] != told[1]

    @property
    def going(self) -> tuple[Record, ...]:
        """What of before goes, for who changes single records."""
        return tuple(record for record in self.before if record not in self.after)

    @property
    def coming(self) -> tuple[Record, ...]:
        """What comes."""
        return tuple(record for record in self.after if record not in self.before)

    @property
    def change(self) -> Change:
        """It as a change of a file, whose lines are the records."""
        return Change(self.path, _file(self.before), _file(self.after), self.site, self.surprise)


def _file(records: Iterable[Record]) -> File | None:
    lines = sorted(record.line for record in records)
    return File("".join(f"{line}\n" for line in lines).encode()) if lines else None


def zone_of(name: str, zones: Iterable[str]) -> str | None:
    """The longest of the zones that a name is in."""
    return max((each for each in zones if f".{name}".endswith(f".{each}")), key=len, default=None)


def mark(record: Record, owner: str | None, server: str) -> str:
    """The comment of a record of ours: whose it is, which server's, and what it was when we wrote it."""
    end = f" on {server[:60]}, {_digest(record)}"
    return f"deploy: {owner or ALL}"[: LONGEST_MARK - len(end)] + end


def is_mark(comment: str) -> bool:
    """Whether a record with this comment was written by some deploy."""
    return bool(MARK.fullmatch(comment))


def is_ours(record: Record, server: str) -> bool:
    """Whether it was written for this server."""
    found = MARK.fullmatch(record.comment)
    return bool(found) and found[2] == server[:60]  # type: ignore[index]


def is_edited(record: Record) -> bool:
    """Whether it has another value than the one that was written with its mark."""
    found = MARK.fullmatch(record.comment)
    return bool(found) and found[3] != _digest(record)  # type: ignore[index]


def _digest(record: Record) -> str:
    return sha256(f"{record.name} {record.kind} {record.value}".encode()).hexdigest()[:8]
