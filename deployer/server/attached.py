"""A command on the server that has our standard input, output and terminal, as ssh gives them."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import BinaryIO

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from deployer.server.connection import Server
from deployer.server.session import CHUNK, Session

OFF = (36, 38, 50, 51, 53, 59, 70)
"""ICRNL, IXON, ISIG, ICANON, ECHO, IEXTEN and OPOST of RFC 4254: the terminal of the container has them."""


def has_terminal() -> bool:
    """Whether somebody sits before this command, who sees what it says and types."""
    return os.name == "posix" and sys.stdin.isatty() and sys.stdout.isatty()


def attach(server: Server, command: str, terminal: bool) -> int:
    """Run the command with our standard input and output, and return its exit code as it is."""
    with server.opened() as channel:
        session = Session(channel, server.user, server.host)
        if terminal:
            ask_for_terminal(channel)
        session.begin(command, together=terminal, told=True)
        with raw_terminal(channel) if terminal else nullcontext():
            threading.Thread(target=hand_over, args=(session,), daemon=True).start()
            errors = threading.Thread(target=show_errors, args=(session,), daemon=True)
            if not terminal:
                errors.start()
            for piece in iter(session.recv, b""):
                write(sys.stdout.buffer, piece)
            if not terminal:
                errors.join()
            return session.status(lambda: server.lost(""))


def hand_over(session: Session) -> None:
    """What comes on our standard input is that of the command, until its end."""
    with suppress(OSError):
        while piece := os.read(sys.stdin.fileno(), CHUNK):
            session.sendall(piece)
    session.shutdown_write()


def show_errors(session: Session) -> None:
    """What the command says of errors, as it comes."""
    with suppress(OSError):
        for piece in iter(lambda: session.channel.recv_stderr(CHUNK), b""):
            write(sys.stderr.buffer, session.errors.feed(piece))
        write(sys.stderr.buffer, session.errors.rest())


def write(stream: BinaryIO, piece: bytes) -> None:
    """Let it be seen at once."""
    stream.write(piece)
    stream.flush()


def ask_for_terminal(channel: paramiko.Channel) -> None:
    """A terminal on the server that changes nothing of what passes through; paramiko asks for none such."""
    size = os.get_terminal_size(sys.stdout.fileno())
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("pty-req")
    message.add_boolean(True)
    message.add_string(os.environ.get("TERM") or "xterm")
    for number in (size.columns, size.lines, 0, 0):
        message.add_int(number)
    message.add_string(b"".join(bytes([mode, 0, 0, 0, 0]) for mode in OFF) + b"\0")
    channel._event_pending()  # type: ignore[attr-defined]
    channel.get_transport()._send_user_message(message)  # type: ignore[attr-defined]
    channel._wait_for_event()  # type: ignore[attr-defined]


@contextmanager
def raw_terminal(channel: paramiko.Channel) -> Iterator[None]:
    """Each key goes to the server as it is typed, Ctrl-C too, and the size of our window with it."""
    import termios
    import tty

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    changed = threading.Event()
    threading.Thread(target=tell_sizes, args=(channel, changed.wait, changed.clear), daemon=True).start()
    former = signal.signal(signal.SIGWINCH, lambda *_: changed.set())
    tty.setraw(keyboard)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, former)


def tell_sizes(channel: paramiko.Channel, wait: Callable[[], bool], clear: Callable[[], None]) -> None:
    """In a thread of its own: who handles a signal may hold what sending needs."""
    with suppress(OSError, EOFError, paramiko.SSHException):
        while wait() and not channel.closed:
            clear()
            size = os.get_terminal_size(sys.stdout.fileno())
            channel.resize_pty(size.columns, size.lines)
