"""One SSH connection per command, and two ways to use it: ask, and follow."""

import shlex
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import paramiko
from fabric import Connection

from deployer.errors import DeployError, UnreachableError
from deployer.waiting import waiting

PIECE = 1 << 17
NO_SUDO = 87  # our own exit code, unused by bash, ssh and sudo
NOT_UNDERSTOOD = (
    ValueError,
    LookupError,
    TypeError,
    OSError,
    EOFError,
    tarfile.TarError,
    zlib.error,
)
"""What parsers raise over an answer that is not as it must be."""


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
        with waiting(f"asking {self.host}"), self.channel(command) as channel:
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
        except paramiko.ChannelException as error:
            raise UnreachableError(
                f"{self.host} opens no session: {error.text}",
                "Its sshd_config may allow too few (MaxSessions, usually 10). Run the command again.",
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(getattr(error, "strerror", None) or str(error)) from error

    @contextmanager
    def understanding(self) -> Iterator[None]:
        """Where an answer of the server is taken apart: DeployError when it is not as it must be."""
        try:
            yield
        except NOT_UNDERSTOOD as error:
            raise DeployError(
                f"{self.host} answered something that cannot be understood",
                "Does a login there print anything, as from ~/.bashrc? This must print nothing: "
                f"ssh {self.connection.user}@{self.host} true",
            ) from error

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
        for start in range(
            0, len(data), PIECE
        ):  # paramiko copies the rest of what it is given for each packet
            channel.sendall(data[start : start + PIECE])
    except OSError:
        return  # it ended before it had read everything: its status and its words tell why
    if not more:
        channel.shutdown_write()
