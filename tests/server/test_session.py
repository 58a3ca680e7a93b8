"""How a command gets its input, and how long a silent server is waited for."""

from deployer.server import beginning, transport
from deployer.server.session import PIECE, Session


class Channel:
    """Takes what is sent; paramiko's copies the rest of what it is given for each packet."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)


class LateWords:
    """What comes, piece by piece: what a login says of errors only after the command has begun to answer."""

    def __init__(self, *pieces: tuple[str, bytes]) -> None:
        self.pieces, self.combined = [*pieces], False

    def set_combine_stderr(self, combine: bool) -> None:
        self.combined = combine

    def exec_command(self, command: str) -> None: ...

    def sendall(self, data: bytes) -> None: ...

    def recv_ready(self) -> bool:
        return bool(self.pieces) and (self.combined or self.pieces[0][0] == "output")

    def recv_stderr_ready(self) -> bool:
        return bool(self.pieces) and not self.combined and self.pieces[0][0] == "errors"

    def recv(self, size: int) -> bytes:
        assert self.recv_ready() or not self.pieces, "it would wait for ever"
        return self.pieces.pop(0)[1] if self.pieces else b""

    def recv_stderr(self, size: int) -> bytes:
        return self.pieces.pop(0)[1] if self.recv_stderr_ready() else b""


def test_what_a_login_says_late_is_no_answer() -> None:
    """As ~/.bashrc with `echo oops >&2` does: sshd sends output and errors each when it has read it."""
    channel = LateWords()
    session = Session(channel, "root", "vps")  # type: ignore[arg-type]
    mark = session.frame.first
    end = b"answer" + mark[:-1] + b" 0\n"
    channel.pieces = [("errors", b"o"), ("output", mark), ("errors", b"oops\n"), ("output", end)]
    session.begin("true", together=True)
    assert b"".join(iter(session.arrived, None)) == b"answer"
    assert session.frame.status == 0


def test_input_is_sent_in_pieces() -> None:
    channel, data = Channel(), bytes(range(256)) * (PIECE // 64) + b"end"
    Session(channel, "root", "vps").send(data)  # type: ignore[arg-type]
    assert b"".join(channel.pieces) == data
    assert max(map(len, channel.pieces)) <= PIECE < len(data)


def test_a_server_that_is_gone_is_noticed_within_forty_seconds_behind_a_jump_as_without_one() -> None:
    assert transport.ASK_SECONDS < transport.SILENCE_SECONDS <= beginning.SILENCE_SECONDS <= 38
