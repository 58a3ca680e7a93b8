"""The first steps on the way to a server, which need none of the libraries that take long to load."""

import socket
from dataclasses import dataclass

from deployer.errors import UnreachableError
from deployer.server.advice import NO_SUCH_NAME, UNREACHABLE
from deployer.server.way import Way, way_to

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30  # after which unacknowledged data means that the link is gone


@dataclass(frozen=True, slots=True)
class Beginning:
    """The way, and what it begins with: a link by TCP, or why there is none; None if it leads elsewhere."""

    way: Way
    link: socket.socket | UnreachableError | None = None


def set_out(host: str, port: int, user: str) -> Beginning:
    """Begin on the way to a server: nothing is said to it yet; raises UsageError where there is no way."""
    way = way_to(host, port, user)
    if way.jumps or way.command:
        return Beginning(way)
    try:
        return Beginning(way, dial(way))
    except UnreachableError as error:
        return Beginning(way, error)


def dial(way: Way) -> socket.socket:
    """A link to the server by TCP; raises UnreachableError."""
    try:
        link = socket.create_connection((way.host, way.port), CONNECT_SECONDS)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, TimeoutError):
            reason = f"nothing answers there within {CONNECT_SECONDS} s"
        elif isinstance(error, ConnectionRefusedError):
            reason = "nothing listens there"
        advice = NO_SUCH_NAME if isinstance(error, socket.gaierror | UnicodeError) else UNREACHABLE
        raise UnreachableError(f"{way.where} cannot be reached: {reason}", advice) from error
    # without it, each question would wait for 40 ms
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)
    return link
