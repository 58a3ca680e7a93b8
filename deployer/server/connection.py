"""One SSH connection per command, and two ways to use it: ask, and follow."""

import shlex
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass

import paramiko

from deployer.errors import DeployError, UnreachableError
from deployer.server.frame import another_user
from deployer.server.session import PIECE, Begun, Session, wrong_user
from deployer.server.transport import Transport
from deployer.server.way import Way
from deployer.waiting import waiting

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

    def __init__(
        self, transport: Transport, way: Way, again: "Callable[[], AbstractContextManager[Server]]"
    ) -> None:
        self.transport = transport
        self.user = way.user
        self.host = way.name  # as the user calls it: a Host of ~/.ssh/config, perhaps
        self._begun: Begun | None = None
        self._ready: paramiko.Channel | None = None
        self.again = again
        """Logs in anew, in the same way."""

    def make_ready(self) -> None:
        """Open what the next command runs in; whoever runs it hears why that does not go."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._ready = self.transport.open_session()

    def begin(self, command: str, data: bytes) -> None:
        """Let the command begin with this data: who asks for what begins so then has the answer sooner."""
        with ExitStack() as opened:
            session = opened.enter_context(self.channel(command))
            session.send(data)
            self._begun = Begun(command, data, session, opened.pop_all())

    def go_on(self, more: bytes, last: bool = False) -> None:
        """Send what has begun more of its data, or the last of it."""
        if begun := self._begun:
            begun.session.send(more)
            begun.data, begun.ended = begun.data + more, last
            if last:
                begun.session.shutdown_write()

    def ask(
        self,
        command: str,
        data: bytes = b"",
        meanwhile: Callable[[], object] = bool,
    ) -> Answer:
        """Run the command with the data on its standard input; its output may be binary.

        `meanwhile` is done when all is sent, unless the answer is there by then.
        """
        with waiting(f"asking {self.host}"), self._asked(command, data) as session:
            session.shutdown_write()
            if not session.has_ended:
                meanwhile()
            output = b"".join(iter(session.recv, b""))
            errors = session.complaints()
            return Answer(session.status(lambda: self.lost(errors)), output, errors)

    @contextmanager
    def _asked(self, command: str, data: bytes) -> Iterator[Session]:
        begun, self._begun = self._begun, None
        with ExitStack() as opened:
            if begun:
                opened.push(begun.opened)
            if begun and begun.fits(command, data):
                session = begun.session
                session.send(data.removeprefix(begun.data))
            else:
                session = opened.enter_context(self.channel(command))
                session.send(data)
            yield session

    def follow(
        self, command: str, line: Callable[[str], None], data: bytes = b"", attached: bool = False
    ) -> int:
        """Run the command, hand over each line as it comes, and return the exit status.

        Output and errors come in the order in which they were written. `attached` keeps
        standard input open, so that the command sees its end when we are gone.
        """
        with self.channel(command, together=True) as session:
            session.send(data)
            if not attached:
                session.shutdown_write()
            last = ""
            for last in session.lines():
                line(last)
            said = last
            return session.status(lambda: self.lost(said))

    def follow_forced(self, words: str, line: Callable[[str], None], chunks: Iterable[bytes] = ()) -> int:
        """The same for the command that a restricted key is bound to: it takes the words as they are.

        `chunks` are sent to it before it is heard.
        """
        with self.opened() as channel:
            channel.set_combine_stderr(True)
            channel.exec_command(words)
            for chunk in chunks:
                try:
                    for start in range(0, len(chunk), PIECE):
                        channel.sendall(chunk[start : start + PIECE])
                except OSError:
                    break  # it ended before it had read everything: its words tell why
            with suppress(OSError):
                channel.shutdown_write()
            said = b""
            for text in channel.makefile("rb"):
                said = text
                if user := another_user(said):
                    raise wrong_user(self.host, self.user, user)
                line(said.decode(errors="replace").rstrip("\n"))
            status = channel.recv_exit_status()
            if status == -1:
                raise self.lost(said.decode(errors="replace").strip())
            return status

    @contextmanager
    def channel(self, command: str, together: bool = False) -> Iterator[Session]:
        """A session of its own in which the command runs, as root; UnreachableError when it is lost."""
        with self.opened() as channel:
            session = Session(channel, self.user, self.host)
            session.begin(command, together)
            yield session

    @contextmanager
    def opened(self) -> Iterator[paramiko.Channel]:
        """A channel in which nothing runs yet; UnreachableError when it is lost."""
        try:
            ready, self._ready = self._ready, None
            channel = ready or self.transport.open_session()
            try:
                yield channel
            finally:
                channel.close()
        except paramiko.ChannelException as error:
            raise UnreachableError(
                f"{self.host} opens no session: {error.text}",
                "Its sshd_config may allow too few (MaxSessions, usually 10). Run the command again.",
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self.lost(getattr(error, "strerror", None) or str(error)) from error

    @contextmanager
    def understanding(self) -> Iterator[None]:
        """Where an answer of the server is taken apart: DeployError when it is not as it must be."""
        try:
            yield
        except NOT_UNDERSTOOD as error:
            raise DeployError(
                f"{self.host} answered something that cannot be understood",
                "Is it a Debian or an Ubuntu, with their own programs? Run the command again.",
            ) from error

    def lost(self, reason: str) -> UnreachableError:
        """The connection is gone, in the middle of something."""
        reason = self.transport.farewell or reason
        return UnreachableError(
            f"the connection to {self.host} was lost" + (f" ({reason})" if reason else ""),
            "What had begun on the server is finished or undone there. Run the command again.",
        )


def script_command(script: bytes, *arguments: str) -> str:
    """A command that runs the bash script at the head of its standard input; the rest is input."""
    return shlex.join(["bash", "-c", f'eval "$(head -c {len(script)})"', "deploy", *arguments])
