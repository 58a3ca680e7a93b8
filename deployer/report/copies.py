"""What there is of backups in every place, as tables and as JSON."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from rich.text import Text

from deployer.backups.archives import Archive
from deployer.backups.protection import PLACES, Protection
from deployer.report import say
from deployer.report.figures import age, aged, complain_of, size, stamp, when
from deployer.report.table import show_table


def show_archives(
    archives: Sequence[Archive],
    unknown: Mapping[str, str],
    elsewhere: Mapping[str, str],
    unproved: Sequence[Archive] = (),
) -> None:
    """Print one row for each archive, with the places that have it, and `?` for those that were not asked.

    Those that no digest vouches for are told below.
    """
    now = datetime.now(UTC)
    found: dict[str, dict[str, Archive]] = {}
    for archive in sorted(archives, key=lambda each: (each.name, each.time)):
        found.setdefault(archive.path, {})[archive.place] = archive
    lines, unasked = [], {*unknown, *elsewhere}
    for copies in found.values():
        one = next(iter(copies.values()))
        marks = ["yes" if place in copies else nothing(place, unasked) for place in PLACES]
        lines.append((one.name, when(one.time), f"{age(now - one.time)} ago", size(one.bytes), *marks))
    show_table(("name", "made", "age", "size", *PLACES), lines)
    if not (lines or unknown or unproved):
        say_none()
    complain_of((), [*remarks(archives), *without_digest(unproved), *reasons(unknown), *reasons(elsewhere)])


def remarks(archives: Sequence[Archive]) -> list[str]:
    """Of what the newest backup of each name warned, such as what is not in its archive."""
    newest: dict[str, Archive] = {}
    for archive in sorted(archives, key=lambda each: (each.time, bool(each.warnings))):
        newest[archive.name] = archive
    return [f"{name}: {text}" for name, archive in sorted(newest.items()) for text in archive.warnings]


def nothing(place: str, unasked: Collection[str]) -> str:
    """What stands where no archive was found."""
    return "?" if place in unasked else "–"


def without_digest(archives: Sequence[Archive]) -> list[str]:
    """What is said of archives that no digest vouches for."""
    return [
        f"{archive.place}: {archive.file} has no .sha256 beside it: it counts for nothing,"
        " and a restore takes it only by its date (--at)"
        for archive in archives
    ]


def reasons(places: Mapping[str, str]) -> list[str]:
    """Why places were not asked."""
    return [f"{place}: {why}" for place, why in places.items()]


def say_none() -> None:
    """Say that there is no archive, and what makes one."""
    say("There is no archive yet. Make one: deploy apply, where sites.yaml has changed, then deploy backup")


def archives_json(
    archives: Sequence[Archive], unknown: Mapping[str, str], unproved: Sequence[Archive] = ()
) -> str:
    """Archives of all places as one JSON document."""
    found, without = (
        [
            {
                "name": a.name,
                "time": stamp(a.time),
                "place": a.place,
                "bytes": a.bytes,
                "file": a.file,
                "warnings": a.warnings,
            }
            for a in every
        ]
        for every in (archives, unproved)
    )
    return json.dumps({"archives": found, "unproved": without, "unknown": reasons(unknown)}, indent=2)


def show_protections(protections: Sequence[Protection], unknown: Mapping[str, str]) -> None:
    """Print how every name is protected, against 3-2-1."""
    head = ("name", *(PLACES), "copies", "media", "elsewhere", "verified", "all read", "3-2-1")
    show_table(head, [protection_cells(protection, unknown) for protection in protections])
    if not (protections or unknown):
        say_none()
    complain_of((), reasons(unknown))


def protections_json(protections: Sequence[Protection], unknown: Mapping[str, str]) -> str:
    """How every name is protected as one JSON document."""
    found = [
        {
            "name": each.name,
            "newest": {place: stamp(time) for place, time in each.newest.items()},
            "copies": each.copies,
            "media": each.media,
            "elsewhere": each.offsite,
            "verified": stamp(each.verified) if each.verified else None,
            "all_read_since": stamp(each.again) if each.again else None,
            "retired": each.retired,
            "lacks": each.lacks,
        }
        for each in protections
    ]
    return json.dumps({"sites": found, "unknown": reasons(unknown)}, indent=2)


def protection_cells(protection: Protection, unasked: Collection[str]) -> tuple[str | Text, ...]:
    """The cells of one name against 3-2-1."""
    times = {place: protection.newest.get(place) for place in PLACES}
    places = [
        aged(time, protection.now) if time else nothing(place, unasked) for place, time in times.items()
    ]
    verified = f"{age(protection.now - protection.verified)} ago" if protection.verified else "never"
    again = f"{age(protection.now - protection.again)} ago" if protection.again else "–"
    lacks = protection.lacks
    fine = Text("retired") if protection.retired else Text("yes", style="green")
    state = Text(f"lacks {', '.join(lacks)}", style="bold red") if lacks else fine
    numbers = (str(protection.copies), str(protection.media), str(protection.offsite))
    return (protection.name, *places, *numbers, verified, again, state)
