"""Logging in to a server that proved to be the one we know."""

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import paramiko

from deployer.errors import UnreachableError
from deployer.server.authentication import authenticate
from deployer.server.beginning import Beginning
from deployer.server.connection import Server
from deployer.server.hostkeys import Trust, trust
from deployer.server.reaching import Last, Line, reach
from deployer.server.transport import Transport
from deployer.server.way import Way, parts_of, way_to

# paramiko tells its failures twice, once as a log with a traceback: what we raise says it better
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


@contextmanager
def connect(
    host: str,
    port: int,
    user: str,
    host_key: str | None,
    key: Path | paramiko.PKey | None,
    known_hosts: str = "",
    beginning: Beginning | None = None,
) -> Iterator[Server]:
    """A connection to a server that proved to be the one we know; raises UnreachableError.

    A key that is no file is the only one that is tried. `known_hosts` are lines as OpenSSH writes them, in
    place of the user's own. With a `beginning` it goes on from there.
    """
    if isinstance(key, Path) and not key.is_file():
        raise UnreachableError(f"there is no key {key}", "It is server.key in sites.yaml")
    way, link = (beginning.way, beginning.link) if beginning else (way_to(host, port, user), None)
    with ExitStack() as opened:
        if isinstance(link, socket.socket):
            opened.callback(link.close)
        last = jumped(opened, way, known_hosts)
        trusted = trust(way, host_key, known_hosts)
        transport = _logged_in(meet(opened, way, last, trusted, link), way, trusted, key)
        yield Server(transport, way, partial(connect, host, port, user, host_key, key, known_hosts))


def jumped(opened: ExitStack, way: Way, known_hosts: str = "") -> Last:
    """The last login on the way to the server, where there is one; each of them ends with `opened`."""
    last: Last = None
    for jump in _jumps(way):
        trusted = trust(jump, None, known_hosts, jump=True)
        last = _logged_in(meet(opened, jump, last, trusted), jump, trusted, None), jump.name
    return last


def meet(
    opened: ExitStack,
    way: Way,
    last: Last,
    trusted: Trust,
    link: socket.socket | UnreachableError | None = None,
) -> Transport:
    """SSH to a server that has shown its key, which nobody has judged yet; it ends with `opened`."""
    if isinstance(link, UnreachableError):
        raise link
    line = Line(link) if link else reach(way, last)
    opened.callback(line.close)
    transport = Transport(line.link, trusted.kinds())
    opened.callback(transport.close)
    try:
        transport.start_client()
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _unheard(transport, line, way, error) from error
    return transport


def _logged_in(transport: Transport, way: Way, trusted: Trust, key: Path | paramiko.PKey | None) -> Transport:
    trusted.judge(*transport.shown())
    authenticate(transport, way, key)
    transport.watch()
    return transport


def _jumps(way: Way, depth: int = 5) -> list[Way]:
    """The servers that the way leads through (ProxyJump), from the first to the last."""
    found: list[Way] = []
    for number, jump in enumerate(way.jumps if depth else ()):
        there = way_to(*parts_of(jump))
        if (there.host, there.port) == (way.host, way.port):
            continue  # a jump that `Host *` names leads to itself, too
        if number == 0:
            found += _jumps(there, depth - 1)
        found.append(there if number == 0 else replace(there, command=""))
    return found


def _unheard(transport: Transport, line: Line, way: Way, error: Exception) -> UnreachableError:
    """Why nothing came that SSH understands."""
    if fault := line.fault():
        return UnreachableError(
            f"{way.where} cannot be reached through the ProxyCommand of ~/.ssh/config: {fault}",
            f"Does this work by itself? {way.command}",
        )
    words = re.sub(r":? *\[Errno \d+\] *", ": ", transport.farewell or str(error))
    heard = words or "it ends the connection before it has said who it is"
    return UnreachableError(f"{way.where} does not speak SSH as it should: {heard}")
