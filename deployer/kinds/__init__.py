"""One module per kind of site; a kind is found by being here and naming itself with `kind: Literal["…"]`."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args, get_origin

if TYPE_CHECKING:
    from deployer.kinds.base import Site


@cache
def kinds() -> "dict[str, type[Site]]":
    """Every kind by its name in sites.yaml, in the order of the names."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            field = getattr(value, "model_fields", {}).get("kind")
            if field and get_origin(field.annotation) is Literal:
                found[get_args(field.annotation)[0]] = value
    return dict(sorted(found.items()))
