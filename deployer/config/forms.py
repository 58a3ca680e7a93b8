"""Kinds that have two models, told apart by a key of one of them."""

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Tag

from deployer.kinds import kinds, other_forms

if TYPE_CHECKING:
    from deployer.kinds.base import Site

WITH, WITHOUT = "with the key", "without the key"
"""What pydantic adds to the place of a mistake, behind the kind; no key is called so."""


def site_models(named: Container[str] | None = None) -> Iterator[Any]:
    """A model for each kind of site, or for those named, or what chooses one of its two."""
    for kind, model in kinds().items():
        other = other_forms().get(kind)
        if named is None or kind in named:
            yield either(model, other) if other else model


def either(usual: "type[Site]", other: "type[Site]") -> Any:
    """The other one where its key is written, else the usual one."""

    def form(site: Any) -> str:
        written = other.chosen_by in site if isinstance(site, dict) else isinstance(site, other)
        return WITH if written else WITHOUT

    return Annotated[Annotated[usual, Tag(WITHOUT)] | Annotated[other, Tag(WITH)], Discriminator(form)]


def form_of(kind: str, tag: object) -> "type[Site] | None":
    """The model of this kind that a mistake with this tag behind the kind is of."""
    return other_forms()[kind] if tag == WITH else kinds().get(kind)
