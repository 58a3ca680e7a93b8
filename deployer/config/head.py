"""The server that a sites.yaml names, read by itself: on the way there, one can read the rest."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployer.errors import ConfigError
from deployer.values import access, names
from deployer.values.quantities import Plain, whole_number
from deployer.values.repository import located

if TYPE_CHECKING:
    from deployer.config.server import Server

SECTION = re.compile(r"^server:.*(?:\n(?:[ #\r].*)?)*", re.MULTILINE)
WORDS = re.compile(r"[A-Za-z0-9/~][A-Za-z0-9+/=@._~-]*(?: +[A-Za-z0-9+/=@._~-]+)*")
"""Text that YAML takes as it is, but for its words for nothing."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom to log in, with which key, and which host key must be shown there."""

    host: str
    port: int
    user: str
    host_key: str | None
    key: Path | None


def login_of(server: "Server") -> Login:
    """The login that the section `server:` means."""
    key = Path(server.key).expanduser() if server.key else None
    return Login(server.host, server.port, server.user, server.host_key, key)


def login_ahead(text: str, folder: Path) -> Login | None:
    """The login that the text of a sites.yaml will mean if all of it is right; None where that is not plain.

    Its values are held to the same rules as those of the whole file.
    """
    section = SECTION.search(text)
    if not section:
        return None
    try:
        return _login(_as_it_stands(section[0]) or _by_yaml(section[0]), folder)
    except (ConfigError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _as_it_stands(section: str) -> dict[str, Any] | None:
    """The values of a section of which YAML would make just these: it takes longer to load than all else."""
    _, _, rest = section.rstrip(" \n").partition(":")
    rest = rest.lstrip(" ")
    in_one_line = section.startswith("server: ") and rest[:1] == "{" and rest[-1] == "}"
    pieces = rest[1:-1].split(",") if in_one_line else rest[1:].split("\n")
    indents = {0 if in_one_line else len(piece) - len(piece.lstrip(" ")) for piece in pieces}
    if not in_one_line and (rest[:1] != "\n" or len(indents) > 1 or 0 in indents):
        return None
    values: dict[str, Any] = {}
    for piece in pieces:
        key, _, value = piece.strip(" ").partition(": ")
        value = value.lstrip(" ")
        if key in values or not key.isidentifier() or not WORDS.fullmatch(value):
            return None
        if value.lower() in ("null", "~"):
            return None
        values[key] = Plain(value)
    return values


def _by_yaml(section: str) -> dict[str, Any]:
    """The values of a section as YAML understands it; raises an error of some kind where it does not."""
    from deployer.documents import syntax

    root, problems = syntax.parse(section, "")
    if problems:
        raise ConfigError(problems)
    return {key: value for key, value in root.plain()["server"].items() if value is not None}


def _login(values: dict[str, Any], folder: Path) -> Login:
    """Raises an error of some kind where a value is missing, unknown or wrong."""
    host_key, key = values.pop("host_key", None), values.pop("key", None)
    found = Login(
        host=access.host(values.pop("host", "")),
        port=whole_number(1, 65535)(values.pop("port", 22)),
        user=access.user(values.pop("user", "root")),
        host_key=access.host_key(host_key) if host_key is not None else None,
        key=located(names.one_line(key), folder).expanduser() if key else None,
    )
    if values:
        raise ValueError(f"unknown: {', '.join(values)}")
    return found
