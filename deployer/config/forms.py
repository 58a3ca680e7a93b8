"""What pydantic chooses a model among: the kinds that a section can have, and the two forms of some."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Field, GetCoreSchemaHandler, Tag

from deployer import kinds

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

    from deployer.kinds.base import Site

WITH, WITHOUT = "with the key", "without the key"
"""What pydantic adds to the place of a mistake, behind the kind; no key is called so."""


@dataclass(frozen=True)
class OneOf:
    """Says of an entry that it is of one of these kinds, or of any: they are loaded when one is checked."""

    section: str
    named: frozenset[str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> "CoreSchema":
        models = site_models(self.named) if self.section == "sites" else service_models(self.named)
        return handler.generate_schema(Annotated[reduce(or_, models), Field(discriminator="kind")])


def site_models(named: Iterable[str] | None = None) -> Iterator[Any]:
    """A model for each kind of site, or for those named, or what chooses one of its two."""
    for kind in kinds.kinds() if named is None else sorted(named):
        found = kinds.models(kind)
        others = dict(kinds.sites(found, other=True))
        for _, model in kinds.sites(found):
            yield either(model, others[kind]) if others else model


def service_models(named: Iterable[str] | None = None) -> Iterator[Any]:
    """A model for each kind of service, or for those named."""
    for kind in kinds.service_kinds() if named is None else sorted(named):
        yield from dict(kinds.services(kinds.models(kind))).values()


def either(usual: "type[Site]", other: "type[Site]") -> Any:
    """The other one where its key is written, else the usual one."""

    def form(site: Any) -> str:
        written = other.chosen_by in site if isinstance(site, dict) else isinstance(site, other)
        return WITH if written else WITHOUT

    return Annotated[Annotated[usual, Tag(WITHOUT)] | Annotated[other, Tag(WITH)], Discriminator(form)]


def form_of(kind: str, tag: object) -> "type[Site] | None":
    """The model of this kind that a mistake with this tag behind the kind is of."""
    return kinds.other_forms()[kind] if tag == WITH else kinds.kinds().get(kind)
