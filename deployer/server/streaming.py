"""A command on the server whose input is made while it is sent: no more than a piece of it is here."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from deployer.server.connection import Server
from deployer.server.session import Session


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
    with ThreadPoolExecutor(1) as sender, server.channel(command, together=True) as session:
        sending = sender.submit(_send, session, chunks, attached)
        last = ""
        for last in session.lines():
            line(last)
        said = last
        status = session.status(lambda: server.lost(said))
        session.channel.close()
        sending.result()
        return status


def _send(session: Session, chunks: Iterable[bytes], attached: bool) -> None:
    whole = False
    try:
        for chunk in chunks:
            try:
                session.sendall(chunk)
            except OSError:
                return  # it ended before it had read everything: its status and its words tell why
        whole = True
    finally:
        if not (session.channel.closed or (whole and attached)):
            session.shutdown_write()
