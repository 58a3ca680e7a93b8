"""One command on the server: what goes into it, and what it says."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import paramiko

from deployer.errors import DeployError, RestrictedKeyError, UnreachableError, WrongUserError
from deployer.server.frame import CUT_OFF, KEPT, NO_SUDO, Frame, another_user, framed, last_words

CHUNK = 1 << 16
PIECE = 1 << 17  # paramiko copies the rest of what it is given for each packet
REFUSED = "✗ refused: "
"""How the command that a restricted key is bound to begins a refusal, in its last line."""


class Session:
    """A command that runs as root, or with `forced` one that a restricted key has instead of any other."""

    def __init__(self, channel: paramiko.Channel, user: str, host: str) -> None:
        self.channel, self.user, self.host = channel, user, host
        token = secrets.token_hex(16)
        self.frame, self.errors = Frame(token), Frame(token)
        self.token = token
        self.together, self.said = False, b""

    def begin(self, command: str, together: bool = False, told: bool = False) -> None:
        """Run the command; `together`: what it says of errors comes in its output, in its place.

        With `told`, one that was killed has an exit code as any other.
        """
        line, first = framed(command, self.token, self.user, together, told)
        self.together = together
        self.channel.exec_command(line)
        self.send(first)

    def send(self, data: bytes) -> None:
        """Send to its standard input; one that ended before it had read all tells why itself."""
        with suppress(OSError):
            for start in range(0, len(data), PIECE):
                self.channel.sendall(data[start : start + PIECE])

    def sendall(self, data: bytes) -> None:
        """Send to its standard input, as a socket does; raises OSError."""
        self.channel.sendall(data)

    def shutdown_write(self) -> None:
        """End its standard input."""
        with suppress(OSError):
            self.channel.shutdown_write()

    def fileno(self) -> int:
        """What `select` asks for."""
        return self.channel.fileno()

    def recv(self, size: int = CHUNK) -> bytes:
        """The next piece of its output, nothing at its end; raises DeployError when it never began."""
        while (piece := self.arrived(size)) == b"":
            pass
        return piece or b""

    def arrived(self, size: int = CHUNK) -> bytes | None:
        """What has come of its output, perhaps nothing yet; None at its end.

        It does not wait when `select` has found readable what came together. Raises DeployError when the
        command never began.
        """
        if self.together and self._login_said() and not self.channel.recv_ready():
            return b""
        if piece := self.channel.recv(size):
            inside = self.frame.feed(piece)
            if not self.frame.begun and (user := another_user(self.frame.before)):
                raise wrong_user(self.host, self.user, user)
            return inside
        if not self.frame.begun:
            raise self._did_not_begin()
        return self.frame.rest() or None

    def _login_said(self) -> bool:
        """Whether a word of the login itself has come among the errors, where no word of the command is then.

        It may come after the mark in the output, for sshd reads the two one after the other.
        """
        anything = False
        while self.channel.recv_stderr_ready():
            anything, self.said = True, (self.said + self.channel.recv_stderr(CHUNK))[-KEPT:]
        return anything

    @property
    def has_more(self) -> bool:
        """Whether some of its output is here, or its end, whatever `select` says."""
        return self.channel.recv_ready() or self.has_ended or self.channel.closed

    @property
    def has_ended(self) -> bool:
        """Whether all that it says has come."""
        return bool(self.channel.eof_received)

    def lines(self) -> Iterator[str]:
        """Each line of its output as it comes."""
        rest: list[bytes] = []  # joined once, however many pieces a line comes in
        while piece := self.recv():
            first, end, more = piece.partition(b"\n")
            rest.append(first)
            if end:
                *whole, last = more.split(b"\n")
                yield from (line.decode(errors="replace") for line in (b"".join(rest), *whole))
                rest = [last]
        if line := b"".join(rest):
            yield line.decode(errors="replace")

    def complaints(self) -> str:
        """What it says of errors, once its output has ended."""
        said = b"".join(iter(lambda: self.channel.recv_stderr(CHUNK), b""))
        inside = self.errors.feed(said) + self.errors.rest()
        return inside.decode(errors="replace")

    def status(self, lost: Callable[[], UnreachableError]) -> int:
        """How it ended; raises what `lost` makes when nobody knows."""
        status = self.channel.recv_exit_status()  # of the login, which may have gone on
        told = self.frame.status
        if told is None and status == -1:
            raise lost()
        return status if told is None else told

    def _did_not_begin(self) -> DeployError:
        """Why a login ran something else, or nothing."""
        status = self.channel.recv_exit_status()
        rest = b"".join(iter(lambda: self.channel.recv_stderr(CHUNK), b""))
        said = self.frame.before + b"\n" + self.said + rest
        if status == -1:
            raise EOFError(last_words(said))
        if status == NO_SUDO:
            return no_sudo(self.host, self.user)
        words = last_words(said)
        if words.startswith(REFUSED):
            return RestrictedKeyError(
                words.removeprefix("✗ "), "Another key may do more: the one that you log in with by ssh."
            )
        heard = f", and says: {words}" if words else ", and says nothing"
        if status == CUT_OFF:
            heard = ": another shell takes its place, and reads ahead"
        return DeployError(
            f"a login as {self.user} on {self.host} does not run what it is asked to{heard}",
            "Does a file like ~/.bashrc start another shell, or is there no bash? "
            f"This must print nothing, and end: ssh {self.user}@{self.host} true",
        )


def wrong_user(host: str, user: str, other: str) -> WrongUserError:
    """The image of a provider lets another user in than this one."""
    return WrongUserError(
        f"{host} lets nobody work as {user}: it says to log in as {other}",
        f"Write into sites.yaml, below server: user: {other}",
        other,
    )


def no_sudo(host: str, user: str) -> UnreachableError:
    """Not root, and may not become root."""
    return UnreachableError(
        f"{user} on {host} may not use sudo without a password",
        f"Log in as root, or allow it: echo '{user} ALL=(ALL) NOPASSWD: ALL' "
        "| sudo install -m 0440 /dev/stdin /etc/sudoers.d/deploy",
    )


@dataclass(slots=True)
class Begun:
    """A command that runs before anybody has asked for its answer, with the data that it has so far."""

    command: str
    data: bytes
    session: Session
    opened: ExitStack
    ended: bool = False

    def fits(self, command: str, data: bytes) -> bool:
        """Whether its answer is that to this command with this data, once it has the rest of it."""
        has_it = data == self.data if self.ended else data.startswith(self.data)
        return self.command == command and has_it
