"""The model of a sites.yaml with what it names alone, of kinds and sections: to build all takes its time."""

from collections.abc import Mapping
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, get_args

from pydantic import Field, create_model

from deployer.config.forms import OneOf
from deployer.config.model import Config, with_kinds
from deployer.values.section import Section

SELDOM = ("dns", "home", "monitoring", "watch")
"""Sections whose models are loaded where they are written."""


def model_of(document: Mapping[str, Any]) -> type[Config]:
    """The model that says of this document what Config says."""
    sites, services = document.get("sites"), with_kinds(document.get("services"))
    without = frozenset(name for name in SELDOM if document.get(name) is None)
    return _narrowed(_named(sites), _named(services), without)


def _named(entries: Any) -> frozenset[str] | None:
    """The kinds that a section names, if it has entries; others than there are belong to them too."""
    found = entries.values() if isinstance(entries, Mapping) else ()
    kinds = (entry.get("kind") for entry in found if isinstance(entry, Mapping))
    return frozenset(kind for kind in kinds if isinstance(kind, str) and kind) if found else None


@cache
def _narrowed(
    sites: frozenset[str] | None, services: frozenset[str] | None, without: frozenset[str]
) -> type[Config]:
    found: dict[str, Any] = {"sites": _section("sites", sites), "services": _section("services", services)}
    for name in without:
        found[name] = None, Field(None, description=Config.model_fields[name].description)
    model: type[Config] = create_model("Config", __base__=Config, **found)
    return model


def _section(name: str, named: frozenset[str] | None) -> Any:
    """The type and the field of a section in which these kinds can be; of one without entries, none."""
    field = Config.model_fields[name]
    key, _ = get_args(field.annotation)
    entry: Any = Section if named is None else Annotated[Section, OneOf(name, named)]
    section: Any = GenericAlias(dict, (key, entry))
    for each in field.metadata:
        section = Annotated[section, each]
    return section, Field(field.default, description=field.description)
