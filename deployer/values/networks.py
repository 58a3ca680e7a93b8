"""Addresses of visitors, and networks of them."""

from typing import Annotated

from deployer.values.quantities import shown
from deployer.values.types import schema, text


def network(value: str) -> str:
    """An IP address, or a network such as 192.0.2.0/24."""
    import ipaddress

    try:
        return str(ipaddress.ip_network(value)) if "/" in value else str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"{shown(value)} is not an IP address, nor a network such as 192.0.2.0/24") from None


Network = Annotated[str, text(network), schema("string")]
