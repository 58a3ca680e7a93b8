"""One module per DNS provider: `zones`, `read`, `write`, and how it is asked.

That is NAME and ADDRESS over the web, or a `connection` of its own.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING

from deployer.config.keeper import Keeper
from deployer.errors import DeployError
from deployer.outside.beside import side_by_side
from deployer.planning.records import Record, RecordChange, SeenZone, Zone

if TYPE_CHECKING:
    from deployer.outside.web import Web


@dataclass(frozen=True, slots=True)
class Reading:
    """The zones with all of their records, the names of those that could not be read, and the reasons."""

    zones: tuple[SeenZone, ...] = ()
    unread: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()


@contextmanager
def asking(keeper: Keeper, token: str, zone: str) -> "Iterator[tuple[ModuleType, Web]]":
    """A provider's module and a way to ask it; what it says otherwise than it should is told as a failure."""
    from deployer.outside.web import Web  # who waits for something else meanwhile need not wait for this

    provider = importlib.import_module(f"{__name__}.{keeper.provider}")
    with (
        provider.connection(keeper, token, zone)
        if hasattr(provider, "connection")
        else Web(provider.NAME, keeper.endpoint or provider.ADDRESS, token)
    ) as web:
        try:
            yield provider, web
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DeployError(
                f"{web.name} answers otherwise than its documentation says ({type(error).__name__})",
                "Nothing was changed. If it stays so, please report it.",
            ) from error


def read_all(keepers: Mapping[str, Keeper], tokens: Mapping[str, str]) -> Reading:
    """Every zone that these keep: who keeps it by its own name has it before who keeps all.

    Where it is not known which zones there are, none is told of: a name could be in another than it seems.
    """
    listed = side_by_side([(_zones, name, keeper, tokens[name]) for name, keeper in keepers.items()])
    lost = {name: each for name, each in zip(keepers, listed, strict=True) if isinstance(each, str)}
    failures = [*lost.values()]
    found = [zone for each in listed if not isinstance(each, str) for zone in each]
    wanted = [each for each in found if each.keeper or each.name not in keepers]
    twice = {each.name for each in wanted if sum(other.name == each.name for other in wanted) > 1}
    failures += [
        f"there are two zones {name}: write below dns.zones which, with its provider, token and id"
        for name in sorted(twice)
    ]
    once = sorted((each for each in wanted if each.name not in twice), key=lambda each: each.name)
    zones = side_by_side([(_records, each, keepers[each.keeper], tokens[each.keeper]) for each in once])
    failures += [each for each in zones if isinstance(each, str)]
    read = [] if "" in lost else [each for each in zones if not isinstance(each, str)]
    unread = {*(each.name for each in wanted), *lost} - {each.zone.name for each in read}
    return Reading(tuple(read), frozenset(unread), tuple(failures))


def _zones(name: str, keeper: Keeper, token: str) -> tuple[Zone, ...]:
    with asking(keeper, token, name) as (provider, web):
        found = tuple(replace(each, keeper=name) for each in provider.zones(web))
    if not name:
        return found
    own = tuple(
        each for each in found if each.name == name and (keeper.id is None or each.identifier == keeper.id)
    )
    if not own:
        which = f" with the id {keeper.id}" if keeper.id else ""
        raise DeployError(
            f"{web.name} has no zone {name}{which} that its token sees",
            "Add the zone there, or give the token the right to it.",
        )
    return own


def _records(zone: Zone, keeper: Keeper, token: str) -> SeenZone:
    with asking(keeper, token, zone.name) as (provider, web):
        return SeenZone(zone, tuple(provider.read(web, zone)))


def write(zone: Zone, changes: Sequence[RecordChange], keeper: Keeper, token: str) -> None:
    """Make these changes of a zone; raises DeployError where it is no longer as the plan has seen it."""
    with asking(keeper, token, zone.name) as (provider, web):
        there = list(provider.read(web, zone))
        for change in changes:
            now = {_seen(one) for one in there if (one.name, one.kind) == (change.name, change.kind)}
            if now != {*map(_seen, change.before)}:
                raise DeployError(
                    f"{change.path} has changed since the plan was made", "Run it again to see the new plan."
                )
        provider.write(web, zone, changes)


def _seen(record: Record) -> tuple[object, ...]:
    return record.value, record.ttl, record.comment, record.identifier
