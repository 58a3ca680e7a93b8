"""What other sites meet of one that has mistakes: its name, its aliases and its port."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from deployer.values.types import Domain, Port

DOMAIN: TypeAdapter[str] = TypeAdapter(Domain)
PORT: TypeAdapter[int] = TypeAdapter(Port)
NOWHERE = "https://nowhere.invalid/a.git"


def stand_ins(sites: Mapping[str, Any], sound: Collection[str]) -> dict[str, dict[str, Any]]:
    """An entry without mistakes for each site that is not among the sound ones."""
    return {
        domain: stand_in(number, entry)
        for number, (domain, entry) in enumerate(sites.items())
        if domain not in sound and is_one(DOMAIN, domain) and isinstance(entry, dict)
    }


def stand_in(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One with the aliases and the port of this one; what is wrong among the aliases keeps its place."""
    written = entry.get("aliases")
    aliases = [
        alias if is_one(DOMAIN, alias) else f"n{number}-{position}.invalid"
        for position, alias in enumerate(written if isinstance(written, list) else [])
    ]
    port = entry.get("port")
    what = (
        {"kind": "proxy", "port": port} if is_one(PORT, port) else {"kind": "static", "repository": NOWHERE}
    )
    return {**what, "aliases": aliases}


def is_one(kind: TypeAdapter[Any], value: object) -> bool:
    """Whether the value is accepted as this."""
    try:
        kind.validate_python(value)
    except ValidationError:
        return False
    return True
