"""A program that is fetched or sent, and proved by its digest, and where such a one has its data."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

from deployer.values import names
from deployer.values.quantities import shown
from deployer.values.repository import located
from deployer.values.types import as_text, folder_of, schema, text

PATH_ON_SERVER = re.compile(r"/(?:[A-Za-z0-9_+.-]+/)*[A-Za-z0-9_+.-]+")
DIGEST = re.compile(r"[0-9a-f]{64}")


SENT = "/var/lib/deploy/sent"
"""Where on a server is what was sent from here, by its digest, until it is taken to its place."""


@dataclass(frozen=True, slots=True)
class AtHome:
    """A file of this machine, which need not be there where a server has it already; its bytes are 0 then."""

    written: str
    path: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of this machine that a server shall have.

    `asked_by` is the path of the file that says so there, `made` what there is when it has come.
    """

    file: AtHome
    digest: str
    asked_by: str
    made: str

    @property
    def place(self) -> str:
        """Where it is on the server when it has come, until it is taken from there."""
        return f"{SENT}/{self.digest}"


def digest(value: str) -> str:
    """The SHA-256 of a file, as sha256sum prints it."""
    if not DIGEST.fullmatch(value.lower()):
        raise ValueError(f"{shown(value)} is not a SHA-256: 64 hexadecimal digits, as sha256sum prints them")
    return value.lower()


def origin(value: object, info: ValidationInfo) -> str | AtHome:
    """Where a program comes from: an address, the absolute path of a file of the server, or one at home."""
    if isinstance(value, AtHome):
        return value
    written = names.one_line(as_text(value))
    if not written or PATH_ON_SERVER.fullmatch(written):
        return written
    if written.startswith("/") or "://" in written:
        return names.url(written)
    folder = folder_of(info)
    path = located(written, folder or Path())
    return AtHome(written, str(path), path.stat().st_size if folder and path.is_file() else 0)


def named(origin: str | AtHome) -> str:
    """What it is called, wherever it is."""
    return origin.written if isinstance(origin, AtHome) else origin


def on_server(origin: str | AtHome, digest: str | None) -> str:
    """Where the server finds it."""
    return f"{SENT}/{digest}" if isinstance(origin, AtHome) else origin


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version such as 1.26.0, to be compared."""
    return tuple(map(int, version.split(".")))


def place(value: str) -> str:
    """An absolute path on the server, or nothing."""
    if value and (not PATH_ON_SERVER.fullmatch(value) or "/../" in f"{value}/" or value.count("/") < 2):
        raise ValueError(f"{shown(value)} is not a path like /var/lib/gitea/data")
    return value


Digest = Annotated[str, text(digest), schema("string", pattern="^[0-9A-Fa-f]{64}$")]
Origin = Annotated[str | AtHome, BeforeValidator(origin), schema("string")]
Place = Annotated[str, text(place), schema("string", pattern="^(/.+/.+)?$")]
