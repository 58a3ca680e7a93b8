"""One module per kind; a kind is found by being here and naming itself with `kind: Literal["…"]`.

A module is called as its kind, or that and a word more: what a kind needs is loaded without others.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Literal, get_args, get_origin

if TYPE_CHECKING:
    from deployer.kinds.base import Site
    from deployer.kinds.composition import Composition
    from deployer.values.section import Section

    Models = list[tuple[str, type[Section]]]


@cache
def kinds() -> "dict[str, type[Site]]":
    """Every kind that a domain can have, by its name in sites.yaml, in the order of the names."""
    return dict(sites(models()))


@cache
def other_forms() -> "dict[str, type[Site]]":
    """What a domain is instead that has a key of these models, by the name of the kind."""
    return dict(sites(models(), other=True))


@cache
def service_kinds() -> "dict[str, type[Composition]]":
    """Every kind that a service without a domain can have, in the order of the names."""
    return dict(services(models()))


def sites(found: "Models", other: bool = False) -> "Iterator[tuple[str, type[Site]]]":
    """Those of these models that a domain can have, or the other ones of those of two forms."""
    from deployer.kinds.base import Site

    return (
        (name, model) for name, model in found if issubclass(model, Site) and bool(model.chosen_by) is other
    )


def services(found: "Models") -> "Iterator[tuple[str, type[Composition]]]":
    """Those of these models that a service without a domain can have."""
    from deployer.kinds.base import Site
    from deployer.kinds.composition import Composition

    return (
        (name, model)
        for name, model in found
        if issubclass(model, Composition) and not issubclass(model, Site)
    )


@cache
def models(kind: str = "") -> "Models":
    """Every model that names its kind, with that name; a kind may have several. Or those of one kind."""
    found = set()
    for module in modules(kind):
        for value in vars(module).values():
            field = getattr(value, "model_fields", {}).get("kind")
            name = get_args(field.annotation)[0] if field and get_origin(field.annotation) is Literal else ""
            if name and kind in ("", name):
                found.add((name, value))
    return sorted(found, key=lambda pair: (pair[0], pair[1].__name__))


@cache
def modules(kind: str = "") -> tuple[ModuleType, ...]:
    """The modules of one kind, or of all: those that are loaded for that."""
    name = kind.replace("-", "_")
    return tuple(
        importlib.import_module(f"{__name__}.{each}")
        for each in _names()
        if not kind or f"{each}_".startswith(f"{name}_")
    )


@cache
def _names() -> tuple[str, ...]:
    return tuple(each.name for each in pkgutil.iter_modules(__path__))
