"""A command has what it was sent, while the rest of it is still being worked out."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.seen.observation import read_observation
from deployer.server.login import connect
from deployer.tasks import script
from server.hostile_sshd import HostileSshd, client_key


def test_each_piece_is_there_before_the_next_is_made(tmp_path: Path) -> None:
    sshd = HostileSshd("reads to the end")
    there: list[bool] = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"the first piece", b"the second piece"):
            yield piece
            there.append(sshd.heard.until(piece))

    with (
        connect("127.0.0.1", sshd.port, "root", sshd.host_key, client_key(tmp_path)) as server,
        pytest.raises(DeployError, match="does not run what it is asked to"),
    ):
        server.ask("cat", b"", pieces())
    assert there == [True, True]
    sshd.close()


def test_what_is_asked_first_is_answered_before_the_rest_comes(tmp_path: Path) -> None:
    look = subprocess.Popen(
        ["bash", "-c", script("observe.sh")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert look.stdin
    look.stdin.write(b"path /nowhere\nlook sshd\n\n")
    look.stdin.flush()
    limit = time.monotonic() + 60
    while not any("account root\n" in file.read_text() for file in tmp_path.glob("*/facts")):
        assert time.monotonic() < limit, "nothing was looked at"
    answer, _ = look.communicate(b"path /nor-here\nfile /etc/hostname\nversion sh x dash>=99 dash\n\n")
    seen = read_observation(answer)
    assert {"/nowhere", "/nor-here"} <= seen.facts.missing
    assert seen.facts.versions["sh"] >= (0, 5, 0)
    assert "/etc/hostname" in seen.files
    assert not [*tmp_path.iterdir()]
