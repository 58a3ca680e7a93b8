"""The server that a sites.yaml names, read by itself: on the way there, one can read the rest."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployer.documents import syntax
from deployer.errors import ConfigError
from deployer.values import access, names
from deployer.values.quantities import whole_number
from deployer.values.repository import located

if TYPE_CHECKING:
    from deployer.config.model import Server

SECTION = re.compile(r"^server:.*(?:\n(?:[ #\r].*)?)*", re.MULTILINE)


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
        root, problems = syntax.parse(section[0], "")
        values = {key: value for key, value in root.plain()["server"].items() if value is not None}
        return None if problems else _login(values, folder)
    except (ConfigError, ValueError, TypeError, AttributeError):
        return None


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
