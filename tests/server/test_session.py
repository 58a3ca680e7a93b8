"""How a command gets its input, and how long a silent server is waited for."""

from deployer.server import reaching, transport
from deployer.server.session import PIECE, Session


class Channel:
    """Takes what is sent; paramiko's copies the rest of what it is given for each packet."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)


def test_input_is_sent_in_pieces() -> None:
    channel, data = Channel(), bytes(range(256)) * (PIECE // 64) + b"end"
    Session(channel, "root", "vps").send(data)  # type: ignore[arg-type]
    assert b"".join(channel.pieces) == data
    assert max(map(len, channel.pieces)) <= PIECE < len(data)


def test_a_server_that_is_gone_is_noticed_within_forty_seconds_behind_a_jump_as_without_one() -> None:
    assert transport.ASK_SECONDS < transport.SILENCE_SECONDS <= reaching.SILENCE_SECONDS <= 38
