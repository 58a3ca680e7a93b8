"""What pydantic chooses a model among: the kinds that a section can have, and the two forms of some."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema, core_schema

from deployer import kinds

if TYPE_CHECKING:
    from deployer.kinds.base import Site

WITH, WITHOUT = "with the key", "without the key"
"""What pydantic adds to the place of a mistake, behind the kind; no key is called so."""


@dataclass(frozen=True)
class OneOf:
    """Says of an entry that it is of one of these kinds, or of any: they are loaded when one is checked."""

    section: str
    named: frozenset[str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        models = site_models if self.section == "sites" else service_models
        found = dict(models(self.named)) or dict(models())  # where no kind is one, some are chosen among
        choices = {kind: handler.generate_schema(model) for kind, model in found.items()}
        return core_schema.tagged_union_schema(choices, "kind", strict=False, from_attributes=True)


def site_models(named: Iterable[str] | None = None) -> Iterator[tuple[str, Any]]:
    """A model for each kind of site, or for those named, or what chooses one of its two."""
    for kind in kinds.kinds() if named is None else sorted(named):
        found = kinds.models(kind)
        others = dict(kinds.sites(found, other=True))
        for _, model in kinds.sites(found):
            yield kind, either(model, others[kind]) if others else model


def service_models(named: Iterable[str] | None = None) -> Iterator[tuple[str, Any]]:
    """A model for each kind of service, or for those named."""
    for kind in kinds.service_kinds() if named is None else sorted(named):
        yield from kinds.services(kinds.models(kind))


def either(usual: "type[Site]", other: "type[Site]") -> Any:
    """The other one where its key is written, else the usual one."""

    def form(site: Any) -> str:
        written = other.chosen_by in site if isinstance(site, dict) else isinstance(site, other)
        return WITH if written else WITHOUT

    return Annotated[Annotated[usual, Tag(WITHOUT)] | Annotated[other, Tag(WITH)], Discriminator(form)]


def form_of(kind: str, tag: object) -> "type[Site] | None":
    """The model of this kind that a mistake with this tag behind the kind is of."""
    return kinds.other_forms()[kind] if tag == WITH else kinds.kinds().get(kind)
