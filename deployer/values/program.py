"""A program that is fetched, and proved by its digest, and where such a one has its data."""

import re
from typing import Annotated

from deployer.values import names
from deployer.values.quantities import shown
from deployer.values.types import schema, text

PATH_ON_SERVER = re.compile(r"/(?:[A-Za-z0-9_+.-]+/)*[A-Za-z0-9_+.-]+")
DIGEST = re.compile(r"[0-9a-f]{64}")


def digest(value: str) -> str:
    """The SHA-256 of a file, as sha256sum prints it."""
    if not DIGEST.fullmatch(value.lower()):
        raise ValueError(f"{shown(value)} is not a SHA-256: 64 hexadecimal digits, as sha256sum prints them")
    return value.lower()


def origin(value: str) -> str:
    """Where a program comes from: an address, or the absolute path of a file of the server."""
    if not value or PATH_ON_SERVER.fullmatch(value):
        return value
    return names.url(value)


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version such as 1.26.0, to be compared."""
    return tuple(map(int, version.split(".")))


def place(value: str) -> str:
    """An absolute path on the server, or nothing."""
    if value and (not PATH_ON_SERVER.fullmatch(value) or "/../" in f"{value}/" or value.count("/") < 2):
        raise ValueError(f"{shown(value)} is not a path like /var/lib/gitea/data")
    return value


Digest = Annotated[str, text(digest), schema("string", pattern="^[0-9A-Fa-f]{64}$")]
Origin = Annotated[str, text(origin), schema("string", pattern="^((https?:/)?/.+)?$")]
Place = Annotated[str, text(place), schema("string", pattern="^(/.+/.+)?$")]
