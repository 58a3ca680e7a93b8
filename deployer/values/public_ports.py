"""Which ports of a compose file stay open to everyone, as sites.yaml says it."""

from typing import Annotated

from pydantic import BeforeValidator

from deployer.values.quantities import boolean, shown, whole_number
from deployer.values.types import schema

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


PublicPorts = Annotated[
    bool | frozenset[int],
    BeforeValidator(public_ports),
    schema(["boolean", "array"], items={"type": "integer", "minimum": 1, "maximum": 65535}),
]
