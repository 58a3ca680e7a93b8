"""One module per kind; a kind is found by being here and naming itself with `kind: Literal["…"]`."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args, get_origin

if TYPE_CHECKING:
    from deployer.kinds.base import Site
    from deployer.kinds.composition import Composition
    from deployer.values.section import Section


@cache
def kinds() -> "dict[str, type[Site]]":
    """Every kind that a domain can have, by its name in sites.yaml, in the order of the names."""
    from deployer.kinds.base import Site

    return {name: model for name, model in models() if issubclass(model, Site) and not model.chosen_by}


@cache
def other_forms() -> "dict[str, type[Site]]":
    """What a domain is instead that has a key of these models, by the name of the kind."""
    from deployer.kinds.base import Site

    return {name: model for name, model in models() if issubclass(model, Site) and model.chosen_by}


@cache
def service_kinds() -> "dict[str, type[Composition]]":
    """Every kind that a service without a domain can have, in the order of the names."""
    from deployer.kinds.base import Site
    from deployer.kinds.composition import Composition

    return {
        name: model
        for name, model in models()
        if issubclass(model, Composition) and not issubclass(model, Site)
    }


@cache
def models() -> "list[tuple[str, type[Section]]]":
    """Every model that names its kind, with that name; a kind may have several."""
    found = set()
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            field = getattr(value, "model_fields", {}).get("kind")
            if field and get_origin(field.annotation) is Literal:
                found.add((get_args(field.annotation)[0], value))
    return sorted(found, key=lambda pair: (pair[0], pair[1].__name__))
