"""Whose records are, where a provider keeps no comments: TXT records at _deploy, one for each of ours."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from deployer.planning.records import MARK, Record, RecordChange, Zone, is_edited

LINE = re.compile(r"(\S+) ([A-Z]+) (deploy: .*)")


def register_name(zone: Zone) -> str:
    """Where the marks of a zone are."""
    return f"_deploy.{zone.name}"


def marked(records: Sequence[Record], zone: Zone) -> Iterator[Record]:
    """The records with their marks as comments, without those that are the marks.

    A mark whose value is not there is that of one that was edited, as far as one of its name is left.
    """
    register: dict[tuple[str, str], list[str]] = {}
    for record in records:
        if found := _entry(record, zone):
            register.setdefault((found[1], found[2]), []).append(found[3])
    rest = [record for record in records if not _entry(record, zone)]
    unknown = []
    for record in rest:
        marks = register.get((record.name, record.kind), [])
        if mark := next((each for each in marks if each == _as_written(record, each)), ""):
            marks.remove(mark)
            yield replace(record, comment=mark)
        else:
            unknown.append(record)
    for record in unknown:
        marks = register.get((record.name, record.kind), [])
        yield replace(record, comment=marks.pop()) if marks else record


def with_register(changes: Sequence[RecordChange], there: Iterable[Record], zone: Zone) -> list[RecordChange]:
    """The changes, and that of the marks; the records themselves have none then."""
    keys = {(change.name, change.kind) for change in changes}
    before = tuple(record for record in there if _entry(record, zone))
    kept = []
    for record in before:
        found = _entry(record, zone)
        if found and (found[1], found[2]) not in keys:
            kept.append(record)
    added = [
        Record(register_name(zone), "TXT", f"{record.name} {record.kind} {record.comment}")
        for change in changes
        for record in change.after
        if MARK.fullmatch(record.comment)
    ]
    plain = [
        replace(change, before=tuple(map(_bare, change.before)), after=tuple(map(_bare, change.after)))
        for change in changes
    ]
    return [*plain, RecordChange(zone, register_name(zone), "TXT", before, (*kept, *added))]


def _bare(record: Record) -> Record:
    return replace(record, comment="")


def _entry(record: Record, zone: Zone) -> re.Match[str] | None:
    if (record.name, record.kind) != (register_name(zone), "TXT"):
        return None
    return LINE.fullmatch(record.value)


def _as_written(record: Record, mark: str) -> str:
    """The mark, if the record is as it was written with it."""
    return "" if is_edited(replace(record, comment=mark)) else mark
