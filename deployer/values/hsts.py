"""How long browsers insist on HTTPS."""

from typing import Annotated

from pydantic import BeforeValidator

from deployer.values import quantities
from deployer.values.types import schema

PRELOAD = -1
"""Of browsers that know of a site's HTTPS before they have seen it."""


def validate_hsts(value: object) -> int:
    """A duration, or what is in the lists of browsers."""
    return PRELOAD if value in ("preload", PRELOAD) else quantities.duration(value)


Hsts = Annotated[
    int,
    BeforeValidator(validate_hsts),
    schema(["string", "integer"], pattern="^([0-9]{1,6}[smhd]|0|preload)$", minimum=0, maximum=0),
]
