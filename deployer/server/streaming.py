"""A command on the server whose input is made while it is sent: no more than a piece of it is here."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import paramiko

from deployer.server.connection import Server


def stream(
    server: Server,
    command: str,
    line: Callable[[str], None],
    chunks: Iterable[bytes],
    attached: bool = False,
) -> int:
    """Run the command, hand over each line as it comes, and return the exit status.

    What making the input raises ends the input early, and is raised when the command has ended. `attached`
    keeps the input open behind the last of it, so that the command sees its end when we are gone.
    """
    # the channel is closed before the sender is waited for: whatever ends this ends the sending, too
    with ThreadPoolExecutor(1) as sender, server.channel(command) as channel:
        channel.set_combine_stderr(True)
        sending = sender.submit(_send, channel, chunks, attached)
        last = ""
        for text in channel.makefile("rb"):
            last = text.decode(errors="replace").rstrip("\n")
            line(last)
        status = channel.recv_exit_status()
        if status == -1:
            raise EOFError(last)  # the connection is lost
        channel.close()
        sending.result()
        return status


def _send(channel: paramiko.Channel, chunks: Iterable[bytes], attached: bool) -> None:
    whole = False
    try:
        for chunk in chunks:
            try:
                channel.sendall(chunk)
            except OSError:
                return  # it ended before it had read everything: its status and its words tell why
        whole = True
    finally:
        if not (channel.closed or (whole and attached)):
            channel.shutdown_write()
