"""A server answers what it was asked, while the rest of it is still being worked out."""

import os
import subprocess
import time
from pathlib import Path

from deployer.seen.observation import read_observation
from deployer.tasks import script


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
