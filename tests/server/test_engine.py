"""The connection to Docker, whatever a login says beside it."""

import os
import socket
from threading import Thread

import paramiko
import pytest

from deployer.server import engine
from deployer.server.session import Session


def test_an_answer_that_paramiko_wakes_nobody_for_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """As may be where ~/.bashrc has `echo oops >&2`: paramiko's pipe then stays empty for good."""
    quiet, end = os.pipe()
    monkeypatch.setattr(Session, "fileno", lambda _: quiet)
    channel = paramiko.Channel(1)
    there = Session(channel, "root", "vps")
    there.together = True
    channel.in_buffer.feed(there.frame.first + b"answer")
    channel.in_stderr_buffer.feed(b"oops\n")
    docker, here = socket.socketpair()
    with docker, here:
        docker.settimeout(10)
        carrying = Thread(target=engine._carry, args=(here, there), daemon=True)
        carrying.start()
        assert docker.recv(99) == b"answer"
        docker.close()
        carrying.join(10)
        assert not carrying.is_alive()
    os.close(quiet)
    os.close(end)
