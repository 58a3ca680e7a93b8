"""From the records that are wanted and those that a zone has to what changes; pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from deployer.planning.plan import Surprise
from deployer.planning.records import (
    Record,
    RecordChange,
    RecordSet,
    SeenZone,
    is_edited,
    is_ours,
    mark,
    zone_of,
)

ONE_OWNER = ("A", "AAAA", "CNAME")
"""Types of which all values say one thing: somebody else's beside ours would send some visitors elsewhere."""
SMALL = 3
"""So many records may always change."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """What changes, which zones would change by more than a third, and what cannot be as it is wanted."""

    changes: tuple[RecordChange, ...] = ()
    much: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()


def compare(
    zones: Collection[SeenZone],
    wanted: Iterable[RecordSet],
    server: str,
    sites: Collection[str] | None = None,
    held: Collection[str] = (),
    unread: Collection[str] = (),
) -> Compared:
    """What has to change in these zones for the records in scope (sites None: all) to be as they are wanted.

    `server` tells marks of this one from those of others. `homeless` are names that are in none of the zones,
    nor in one that could not be read.
    """
    of_zone: dict[str | None, dict[Key, RecordSet]] = defaultdict(dict)
    names = {*unread, *(each.zone.name for each in zones)}
    for each in wanted:
        of_zone[zone_of(each.name, names)][each.name, each.kind] = each
    changes: list[RecordChange] = []
    much: list[str] = []
    wrong: list[str] = []
    for seen in sorted(zones, key=lambda each: each.zone.name):
        asked = of_zone[seen.zone.name]
        refused = dict(_refused(seen, asked, server))
        wrong += refused.values()
        found = [*_changes(seen, asked, refused.keys(), server, sites, held)]
        if sum(change.seen_outside for change in found) > max(SMALL, len(_by_key(seen.records)) / 3):
            much.append(seen.zone.name)
        changes += sorted(found, key=lambda change: change.path)
    homeless = sorted({name for name, _ in of_zone[None]})
    return Compared(tuple(changes), tuple(much), tuple(wrong), tuple(homeless))


def _refused(seen: SeenZone, asked: Mapping[Key, RecordSet], server: str) -> Iterator[tuple[Key, str]]:
    """What no zone can have so, by the record that is not written then, and why."""
    there = _by_key(seen.records)
    for name, kind in asked:
        if kind in ("CNAME", "NS") and name == seen.zone.name:
            yield (name, kind), f"{name} is the top of its zone, where no {kind} of yours can stand"
        elif kind == "CNAME":
            others = [
                other
                for (at, other), records in there.items()
                if at == name and other not in ONE_OWNER and not all(is_ours(one, server) for one in records)
            ]
            if others:
                told = " and ".join(sorted(others))
                yield (
                    (name, kind),
                    f"{name} has {told} that is not ours, and with a CNAME it can have nothing else",
                )


def _changes(
    seen: SeenZone,
    asked: Mapping[Key, RecordSet],
    refused: Collection[Key],
    server: str,
    sites: Collection[str] | None,
    held: Collection[str],
) -> Iterator[RecordChange]:
    there = _by_key(seen.records)
    for (name, kind), each in asked.items():
        if (name, kind) in refused or each.site in held or not _in_scope(each, sites):
            continue
        before = there.get((name, kind), ())
        proxied = kind in ONE_OWNER and _is_proxied(name, there) if each.proxied is None else each.proxied
        after, surprise = _wanted(each, before, server, proxied)
        turned = each.proxied is not None and any(one.proxied != proxied for one in before)
        if turned or {*map(_told, before)} != {*map(_told, after)}:
            yield RecordChange(seen.zone, name, kind, before, after, each.site, surprise)
        if each.kind in ONE_OWNER:
            yield from _in_the_way(seen, each, there, asked, server)
    if sites is None:
        for (name, kind), before in there.items():
            after = tuple(record for record in before if not is_ours(record, server))
            if (name, kind) not in asked and after != before and not _cleared(name, kind, asked):
                edited = any(is_edited(each) for each in before if each not in after)
                surprise = Surprise.EDITED if edited else Surprise.NONE
                yield RecordChange(seen.zone, name, kind, before, after, None, surprise)


def _in_scope(wanted: RecordSet, sites: Collection[str] | None) -> bool:
    return sites is None or wanted.site is None or wanted.site in sites


def _told(record: Record) -> tuple[object, ...]:
    """What of a record counts."""
    return record.value, record.ttl, record.comment


def _wanted(
    wanted: RecordSet, before: tuple[Record, ...], server: str, proxied: bool
) -> tuple[tuple[Record, ...], Surprise]:
    """All that the name shall have of this type, and what is odd of what it has."""
    by_value = {record.value: record for record in before}
    foreign = [record for record in before if not is_ours(record, server)]
    stays = [] if wanted.kind in ONE_OWNER else [one for one in foreign if one.value not in wanted.values]
    own = []
    ttl = None if proxied else wanted.ttl
    for value in wanted.values:
        found = by_value.get(value)
        lasts = found.ttl if found and found.always_timed and wanted.ttl is None else ttl
        new = Record(wanted.name, wanted.kind, value, lasts, "", found.identifier if found else "", proxied)
        own.append(replace(new, comment=mark(new, wanted.site, server)))
    if len(stays) < len(foreign):
        surprise = Surprise.TAKEN_OVER
    elif any(is_edited(record) for record in before if record not in foreign):
        surprise = Surprise.EDITED
    else:
        surprise = Surprise.NONE
    return (*stays, *own), surprise


def _is_proxied(name: str, there: Mapping[Key, tuple[Record, ...]]) -> bool:
    """Whether the provider answers in the place of this name: a value that comes must not show the server."""
    return any(record.proxied for kind in ONE_OWNER for record in there.get((name, kind), ()))


def _in_the_way(
    seen: SeenZone,
    wanted: RecordSet,
    there: Mapping[Key, tuple[Record, ...]],
    asked: Mapping[Key, RecordSet],
    server: str,
) -> Iterator[RecordChange]:
    """What cannot stand beside it, and is not wanted: a CNAME beside an address, and the other way round."""
    for kind in _others(wanted.kind):
        before = there.get((wanted.name, kind), ())
        first = next(each for each in ONE_OWNER if (wanted.name, each) in asked)
        if before and (wanted.name, kind) not in asked and wanted.kind == first:
            foreign = any(not is_ours(record, server) for record in before)
            surprise = Surprise.TAKEN_OVER if foreign else Surprise.NONE
            yield RecordChange(seen.zone, wanted.name, kind, before, (), wanted.site, surprise)


def _others(kind: str) -> tuple[str, ...]:
    return ("A", "AAAA") if kind == "CNAME" else ("CNAME",)


def _cleared(name: str, kind: str, asked: Mapping[Key, RecordSet]) -> bool:
    """Whether it goes because something else of the name cannot stand beside it."""
    return kind in ONE_OWNER and any((name, other) in asked for other in _others(kind))


def _by_key(records: Iterable[Record]) -> dict[Key, tuple[Record, ...]]:
    found: dict[Key, tuple[Record, ...]] = {}
    for record in records:
        found[record.name, record.kind] = (*found.get((record.name, record.kind), ()), record)
    return found
