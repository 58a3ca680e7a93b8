"""The model of a sites.yaml with those kinds alone that it names: to build that of all takes its time."""

from collections.abc import Iterable, Mapping
from functools import cache, reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, get_args

from pydantic import Field, create_model

from deployer.config.forms import site_models
from deployer.config.model import Config, with_kinds
from deployer.kinds import service_kinds

SITES, SERVICES = {"static", "redirect"}, {"gitea-runner", "watchtower"}
"""What is known in each section in any case: pydantic chooses between two kinds at least."""


def model_of(document: Mapping[str, Any]) -> type[Config]:
    """The model that says of this document what Config says."""
    sites, services = document.get("sites"), with_kinds(document.get("services"))
    return _narrowed(frozenset(_named(sites)), frozenset(_named(services)))


def _named(entries: Any) -> Iterable[str]:
    """The kinds that a section names, if it is one; others than there are belong to it too."""
    for entry in entries.values() if isinstance(entries, Mapping) else ():
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if isinstance(kind, str):
            yield kind


@cache
def _narrowed(sites: frozenset[str], services: frozenset[str]) -> type[Config]:
    return create_model(
        "Config",
        __base__=Config,
        sites=_section("sites", site_models(sites | SITES)),
        services=_section(
            "services", (model for kind, model in service_kinds().items() if kind in services | SERVICES)
        ),
    )


def _section(name: str, models: Iterable[Any]) -> Any:
    """The type and the field of a section in which these models can be."""
    field = Config.model_fields[name]
    key, _ = get_args(field.annotation)
    one_of: Any = Annotated[reduce(or_, models), Field(discriminator="kind")]
    section: Any = GenericAlias(dict, (key, one_of))
    for each in field.metadata:
        section = Annotated[section, each]
    return section, Field(field.default, description=field.description)
