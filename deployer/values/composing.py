"""What sites.yaml says of parts of a compose file: ports, profiles."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from deployer.values.quantities import boolean, shown, whole_number
from deployer.values.types import schema, text

port = whole_number(1, 65535)


def public_ports(value: object) -> bool | frozenset[int]:
    """true for all, false for none, or the ports; raises ValueError."""
    if isinstance(value, frozenset):
        return value
    if isinstance(value, list | tuple):
        return frozenset(port(each) for each in value)
    try:
        return boolean(value)
    except ValueError:
        raise ValueError(f"expected true, false, or ports such as [2222], not {shown(value)}") from None


def profile(name: str) -> str:
    """The name of a profile, or * for all."""
    if not re.fullmatch(r"\*|[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}", name, re.ASCII):
        raise ValueError(f"{shown(name)} is not the name of a profile")
    return name


Profile = Annotated[str, text(profile), schema("string")]
PublicPorts = Annotated[
    bool | frozenset[int],
    BeforeValidator(public_ports),
    schema(["boolean", "array"], items={"type": "integer", "minimum": 1, "maximum": 65535}),
]
