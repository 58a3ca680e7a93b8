"""What is done on the server: each task takes a connected Server and does one thing."""

import getpass
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import UnreachableError, UsageError
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.server.connection import Server


def caller() -> str:
    """Who calls, for logs and locks."""
    return f"{getpass.getuser()}@{platform.node()}"


@contextmanager
def server_of(config: "Config") -> Iterator["Server"]:
    """A verified connection to the server of sites.yaml."""
    from deployer.config.placeholders import placeholders
    from deployer.server.login import connect

    if config.server is None:
        raise UsageError("there is no server in the configuration", "Add it: server: {host: vps.example.org}")
    server = config.server
    key = Path(server.key).expanduser() if server.key else None
    with ExitStack() as stack:
        with waiting(f"logging in to {server.host}"):
            connected = connect(server.host, server.port, server.user, server.host_key, key)
            try:
                there = stack.enter_context(connected)
            except UnreachableError as error:
                if "server.host" not in placeholders(config):
                    raise
                advice = "server.host is still as deploy init wrote it: put your server there"
                raise UnreachableError(error.message, advice) from error
        yield there


BEFORE = {
    "apply.sh": ("scripts/engine", "apt.sh", "listening.sh", "jail.sh", "transition.sh", "together.sh"),
    "audit.sh": ("apt.sh", "listening.sh", "nginx.sh"),
    "certificates.sh": ("leading.sh",),
    "observe.sh": ("scripts/engine", "apt.sh", "listening.sh", "failures.sh"),
    "status.sh": (
        "scripts/visitor",
        "scripts/record",
        "apt.sh",
        "failures.sh",
        "listening.sh",
        "leading.sh",
        "nginx.sh",
    ),
}
"""What a script finds defined when it begins."""


def script(name: str) -> bytes:
    """One of the constant scripts that are sent along with each call, behind those that it needs."""
    folder = files("deployer.server")
    return b"".join(folder.joinpath(each).read_bytes() for each in (*BEFORE.get(name, ()), name))
