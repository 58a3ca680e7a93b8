"""What is done on the server: each task takes a connected Server and does one thing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.server.connection import Server


@contextmanager
def server_of(config: "Config") -> Iterator["Server"]:
    """A verified connection to the server of sites.yaml."""
    from deployer.server.login import connect

    if config.server is None:
        raise UsageError("there is no server in the configuration", "Add it: server: {host: vps.example.org}")
    server = config.server
    key = Path(server.key).expanduser() if server.key else None
    with connect(server.host, server.port, server.user, server.host_key, key) as connected:
        yield connected


def script(name: str) -> bytes:
    """One of the constant scripts that are sent along with each call."""
    return files("deployer.server").joinpath(name).read_bytes()
