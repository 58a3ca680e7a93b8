"""One verified SSH connection per command, and two ways to use it: ask, and follow."""

import logging
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import paramiko
from fabric import Connection
from paramiko.ssh_exception import NoValidConnectionsError

from deployer.errors import RefusedLoginError, UnreachableError
from deployer.server.advice import NO_KEY, UNREACHABLE, by_hand
from deployer.server.hostkeys import changed_key, trust_only, unknown_key

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30  # after which unacknowledged data means that the link is gone
NO_SUDO = 87  # our own exit code, unused by bash, ssh and sudo

# paramiko tells its failures twice, once as a log with a traceback: what we raise says it better
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a remote command said."""

    status: int
    output: bytes
    errors: str


class Server:
    """A server that we are connected to, as root or as a user with passwordless sudo."""

    def __init__(self, connection: Connection, again: "Callable[[], AbstractContextManager[Server]]") -> None:
        self.connection = connection
        self.host = connection.original_host  # as the user calls it: a Host of ~/.ssh/config, perhaps
        self.again = again
        """Logs in anew, in the same way."""

    def ask(self, command: str, data: bytes = b"") -> Answer:
        """Run the command with the data on its standard input; its output may be binary."""
        with self.channel(command) as channel:
            _send(channel, data)
            output = channel.makefile("rb").read()
            errors = channel.makefile_stderr("rb").read().decode(errors="replace")
            return Answer(self._status(channel, errors), output, errors)

    def follow(
        self,
        command: str,
        line: Callable[[str], None],
        data: bytes = b"",
        attached: bool = False,
        as_root: bool = True,
    ) -> int:
        """Run the command, hand over each line as it comes, and return the exit status.

        Output and errors come in the order in which they were written. `attached` keeps
        standard input open, so that the command sees its end when we are gone. A forced command
        takes its words as they are: `as_root=False`.
        """
        with self.channel(command, as_root) as channel:
            channel.set_combine_stderr(True)
            _send(channel, data, more=attached)
            last = ""
            for text in channel.makefile("rb"):
                last = text.decode(errors="replace").rstrip("\n")
                line(last)
            return self._status(channel, last)

    @contextmanager
    def channel(self, command: str, as_root: bool = True) -> Iterator[paramiko.Channel]:
        """A session of its own in which the command runs, as root; UnreachableError when it is lost."""
        try:
            channel = self.connection.create_session()
            try:
                channel.exec_command(self._as_root(command) if as_root else command)
                yield channel
            finally:
                channel.close()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(str(error)) from error

    def _as_root(self, command: str) -> str:
        if self.connection.user == "root":
            return command
        quoted = shlex.quote(command)
        return f"sudo -n true 2>/dev/null || exit {NO_SUDO}; exec sudo -n bash -c {quoted}"

    def _status(self, channel: paramiko.Channel, errors: str) -> int:
        status = channel.recv_exit_status()
        if status == -1:
            raise self._lost(errors)
        if status == NO_SUDO:
            raise UnreachableError(
                f"{self.connection.user} on {self.host} may not use sudo without a password",
                f"Log in as root, or allow it: echo '{self.connection.user} ALL=(ALL) NOPASSWD: ALL' "
                "| sudo install -m 0440 /dev/stdin /etc/sudoers.d/deploy",
            )
        return status

    def _lost(self, reason: str) -> UnreachableError:
        return UnreachableError(
            f"the connection to {self.host} was lost" + (f" ({reason})" if reason else ""),
            "What had begun on the server is finished or undone there. Run the command again.",
        )


def script_command(script: bytes, *arguments: str) -> str:
    """A command that runs the bash script at the head of its standard input; the rest is input."""
    return shlex.join(["bash", "-c", f'eval "$(head -c {len(script)})"', "deploy", *arguments])


def _send(channel: paramiko.Channel, data: bytes, more: bool = False) -> None:
    try:
        channel.sendall(data)
    except OSError:
        return  # it ended before it had read everything: its status and its words tell why
    if not more:
        channel.shutdown_write()


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
    connection = Connection(
        host,
        user=user,
        port=port,
        connect_timeout=CONNECT_SECONDS,
        connect_kwargs={"transport_factory": _transport, **_identity(key)},
    )
    trust_only(connection.client, connection.host, connection.port, host_key, known_hosts)
    try:
        _open(connection, key if isinstance(key, Path) else None)
        yield Server(connection, partial(connect, host, port, user, host_key, key, known_hosts))
    finally:
        connection.close()


def _identity(key: Path | paramiko.PKey | None) -> dict[str, Any]:
    if isinstance(key, paramiko.PKey):
        return {"pkey": key, "allow_agent": False, "look_for_keys": False}
    return {"key_filename": str(key)} if key else {}


def _open(connection: Connection, key: Path | None) -> None:
    where = f"{connection.user}@{connection.original_host}:{connection.port}"
    try:
        connection.open()
    except paramiko.BadHostKeyException as error:
        raise changed_key(connection.host, error.key) from error
    except paramiko.AuthenticationException as error:
        raise RefusedLoginError(
            f"{where} refused the login",
            f"Check the user and the key: {by_hand(where, key)}",
        ) from error
    except paramiko.SSHException as error:
        if "not found in known_hosts" in str(error):
            raise unknown_key(connection.host, connection.port) from error
        if "No authentication methods" in str(error):
            raise UnreachableError(f"there is no key to log in to {where} with", NO_KEY) from error
        raise UnreachableError(f"{where} does not speak SSH as it should: {error}") from error
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        reason = "nothing listens there" if isinstance(error, NoValidConnectionsError) else reason
        raise UnreachableError(f"{where} cannot be reached: {reason}", UNREACHABLE) from error
    connection.transport.set_keepalive(SILENCE_SECONDS // 3)


def _transport(link: socket.socket | paramiko.ProxyCommand, **options: Any) -> paramiko.Transport:
    """SSH that notices when its link is dead; without TCP_NODELAY, each question would wait for 40 ms."""
    if isinstance(link, socket.socket):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)
    return paramiko.Transport(link, **options)
