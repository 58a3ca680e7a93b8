"""DNS at one of the ninety providers that the library lexicon knows; whose records are, TXT records say."""

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deployer.config.keeper import Keeper, is_secret
from deployer.errors import DeployError, UsageError
from deployer.outside.dns.marks import marked, with_register
from deployer.planning.records import Record, RecordChange, Zone
from deployer.values.records import as_told, record_name
from deployer.values.secrets import Given

LIKE_ZONE_FILES = frozenset({"localzone"})
"""Where a text is in quotes, or each of its words is a text."""


@dataclass(frozen=True, slots=True)
class Service:
    """One of lexicon's providers, for one zone, with what it is let in by."""

    module: Any
    name: str
    zone: str
    options: dict[str, str]

    def let_in(self, ttl: int | None = None) -> Any:
        """What does things there; others may remember for so long what it makes."""
        from lexicon.config import ConfigResolver

        # not lexicon's Client, which would ask the web for a list of suffixes to guess the zone by
        settings: dict[str, Any] = {"provider_name": self.name, "domain": self.zone, self.name: self.options}
        if ttl is not None:
            settings["ttl"] = ttl
        resolver: Any = ConfigResolver
        provider = self.module.Provider(resolver().with_dict(settings))
        provider.authenticate()
        return provider


@contextmanager
def connection(keeper: Keeper, token: str, zone: str) -> Iterator[Service]:
    """A way to ask it; what the library or the provider cannot do is told without the token."""
    try:
        discovery = importlib.import_module("lexicon._private.discovery")
    except ImportError:
        raise UsageError(
            "provider: lexicon needs the library of that name, and it is not here",
            "Install it: pip install 'vps-deployer[lexicon]'",
        ) from None
    name = keeper.service or ""
    logging.getLogger("lexicon").setLevel(logging.CRITICAL)
    options = {option: value.value for option, value in keeper.options.items() if isinstance(value, Given)}
    hidden = [token, *(value for option, value in options.items() if is_secret(option))]
    try:
        module = discovery.load_provider_module(name)
        yield Service(module, name, zone, {**options, keeper.token_is: token})
    except DeployError:
        raise
    except Exception as error:  # each of the ninety has its own, and requests' besides
        words = str(error)
        for secret in filter(None, hidden):
            words = words.replace(secret, "…")
        words = " ".join(words.split())[:300]
        raise DeployError(f"{name}, by lexicon, says: {words or type(error).__name__}") from error


def zones(service: Service) -> Iterator[Zone]:
    """The one that sites.yaml says."""
    yield Zone(service.zone, service.zone, "")


def read(service: Service, zone: Zone) -> Iterator[Record]:
    """All records of a zone."""
    yield from marked(list(_plain(service)), zone)


def write(service: Service, zone: Zone, changes: Sequence[RecordChange]) -> None:
    """Make these changes, the marks after all others, one after the other: lexicon knows no other way.

    Ninety authors have written its providers, so what has become of it is looked at. Raises DeployError.
    """
    marked_too = with_register(changes, list(_plain(service)), zone)
    for change in marked_too:
        for record in change.going:
            provider = service.let_in()
            provider.delete_record(record.identifier or None, record.kind, record.name, record.value)
        for record in change.coming:
            service.let_in(record.ttl).create_record(record.kind, record.name, _written(service, record))
    there = {(each.name, each.kind, each.value) for each in _plain(service)}
    for record in (record for change in marked_too for record in change.after):
        if (record.name, record.kind, record.value) not in there:
            raise DeployError(
                f"{service.name}, by lexicon, has not written {record.line} as it was asked to",
                "Look at the zone there: what lexicon writes is not what this service takes.",
            )


def _written(service: Service, record: Record) -> str:
    """The value as the provider takes it."""
    quoted = record.kind == "TXT" and service.name in LIKE_ZONE_FILES
    return f'"{record.value}"' if quoted else record.value


def _plain(service: Service) -> Iterator[Record]:
    for each in service.let_in().list_records():
        kind, ttl = str(each["type"]), each.get("ttl")
        name = str(each["name"]).lower().removeprefix("@.").removesuffix(".")
        yield Record(
            record_name(name),
            kind,
            as_told(kind, str(each["content"])),
            None if ttl is None else int(ttl),
            identifier=str(each.get("id") or ""),
            always_timed=True,
        )
