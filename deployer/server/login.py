"""Logging in to a server that proved to be the one we know."""

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
from fabric import Connection
from paramiko.ssh_exception import NoValidConnectionsError

from deployer.errors import RefusedLoginError, UnreachableError, UsageError
from deployer.server.advice import NO_KEY, NO_SUCH_NAME, UNREACHABLE, by_hand
from deployer.server.connection import Server
from deployer.server.hostkeys import Policy, Trust, trust
from deployer.server.transport import Transport

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30  # after which unacknowledged data means that the link is gone

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
) -> Iterator[Server]:
    """A connection to a server that proved to be the one we know; raises UnreachableError.

    A key that is no file is the only one that is tried. `known_hosts` are lines as OpenSSH writes them, in
    place of the user's own.
    """
    if isinstance(key, Path) and not key.is_file():
        raise UnreachableError(f"there is no key {key}", "It is server.key in sites.yaml")
    connection = _described(host, port, user, key)
    _trust(connection, trust(connection.host, connection.port, host_key, known_hosts))
    try:
        with ExitStack() as jumps:
            for jump in reversed(_jumps(connection)):
                jumps.callback(jump.close)
                _trust(jump, trust(jump.host, jump.port, None, known_hosts, jump=True))
                jump.connect_timeout = CONNECT_SECONDS
                _open(jump, None)
            _open(connection, key if isinstance(key, Path) else None)
            yield Server(connection, partial(connect, host, port, user, host_key, key, known_hosts))
    finally:
        connection.close()


def _described(host: str, port: int, user: str, key: Path | paramiko.PKey | None) -> Connection:
    """The connection as ~/.ssh/config and sites.yaml describe it, not open yet."""
    try:
        return Connection(
            host,
            user=user,
            port=port,
            connect_timeout=CONNECT_SECONDS,
            connect_kwargs=_identity(key),
        )
    except (paramiko.SSHException, ValueError, OSError) as error:
        raise UsageError(
            f"~/.ssh/config (or /etc/ssh/ssh_config) cannot be understood: {error}",
            f"What does this say? ssh -G {host}",
        ) from error


def _trust(connection: Connection, trusted: Trust) -> None:
    """Make the connection ask `trusted` of each key, and the server for those keys first."""
    connection.client.set_missing_host_key_policy(Policy(trusted))
    connection.connect_kwargs["transport_factory"] = partial(_transport, trusted.kinds())


def _jumps(connection: Connection) -> list[Connection]:
    """The servers that the way leads through (ProxyJump), from the last to the first.

    Each has a client of its own, which would trust whatever key it is shown.
    """
    gateway = connection.gateway
    return [gateway, *_jumps(gateway)] if isinstance(gateway, Connection) else []


def _identity(key: Path | paramiko.PKey | None) -> dict[str, Any]:
    if isinstance(key, paramiko.PKey):
        return {"pkey": key, "allow_agent": False, "look_for_keys": False}
    return {"key_filename": str(key)} if key else {}


def _open(connection: Connection, key: Path | None) -> None:
    where = f"{connection.user}@{connection.original_host}:{connection.port}"
    try:
        connection.open()
    except paramiko.AuthenticationException as error:
        raise RefusedLoginError(
            f"{where} refused the login",
            f"Check the user and the key: {by_hand(where, key)}",
        ) from error
    except paramiko.ChannelException as error:
        raise UnreachableError(
            f"{where} cannot be reached from {connection.gateway.host}, the jump to it: {error.text}",
            "Is it up, and may a login there be forwarded (AllowTcpForwarding)?",
        ) from error
    except paramiko.SSHException as error:
        if "No authentication methods" in str(error):
            raise UnreachableError(f"there is no key to log in to {where} with", NO_KEY) from error
        words = re.sub(r":? *\[Errno \d+\] *", ": ", str(error))
        raise UnreachableError(f"{where} does not speak SSH as it should: {words}") from error
    except ValueError as error:  # in reading the key: what a server sends makes SSHExceptions
        raise UnreachableError(f"the key {key or ''} cannot be read: it is no private key", NO_KEY) from error
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        reason = "nothing listens there" if isinstance(error, NoValidConnectionsError) else reason
        advice = NO_SUCH_NAME if isinstance(error, socket.gaierror) else UNREACHABLE
        raise UnreachableError(f"{where} cannot be reached: {reason}", advice) from error
    connection.transport.set_keepalive(SILENCE_SECONDS // 3)


def _transport(first: tuple[str, ...], link: socket.socket, **options: Any) -> Transport:
    """SSH that notices when its link is dead; without TCP_NODELAY, each question would wait for 40 ms."""
    if isinstance(link, socket.socket):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)
    return Transport(link, first, **options)
