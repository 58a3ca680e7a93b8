"""A line to a server, on which nothing was said yet: by TCP, through a jump, or through a program."""

import socket
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress

import paramiko

from deployer.errors import UnreachableError
from deployer.server.beginning import CONNECT_SECONDS, dial
from deployer.server.frame import last_words
from deployer.server.way import Way


class Line:
    """What SSH is spoken over; `close` ends it, and `fault` tells what the program says that carries it."""

    def __init__(
        self,
        link: "socket.socket | paramiko.Channel",
        fault: Callable[[], str] = str,
        end: Callable[[], object] = str,
    ) -> None:
        self.link, self.fault, self._end = link, fault, end

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self.link.close()
        self._end()


Last = tuple[paramiko.Transport, str] | None
"""The last jump on the way and its name; None: from here."""


def reach(way: Way, last: Last) -> Line:
    """A line to the server; raises UnreachableError."""
    if last:
        transport, through = last
        try:
            there = (way.host, way.port)
            return Line(
                transport.open_channel("direct-tcpip", there, ("127.0.0.1", 0), timeout=CONNECT_SECONDS)
            )
        except paramiko.ChannelException as error:
            raise UnreachableError(
                f"{way.where} cannot be reached from {through}, the jump to it: {error.text}",
                "Is it up, and may a login there be forwarded (AllowTcpForwarding)?",
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise UnreachableError(
                f"{way.where} cannot be reached from {through}, the jump to it: it does not answer",
                "Is it up?",
            ) from error
    return _started(way.command) if way.command else Line(dial(way))


def _started(command: str) -> Line:
    """The program of a ProxyCommand, which carries what is said on its standard input and output."""
    here, there = socket.socketpair()
    said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the line
    with there:
        program = subprocess.Popen(
            ["sh", "-c", f"exec {command}"], stdin=there.fileno(), stdout=there.fileno(), stderr=said
        )

    def fault() -> str:
        try:
            code = program.wait(1)
        except subprocess.TimeoutExpired:
            return ""
        said.seek(0)
        words = last_words(said.read())
        if code == 127:
            return f"the program {command.split()[0]} is not installed here"
        return f"{command.split()[0]} ended with {code}" + (f": {words}" if words else "")

    def end() -> None:
        program.terminate()
        program.wait()
        said.close()

    return Line(here, fault, end)
