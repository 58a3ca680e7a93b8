"""Words that scripts on the server say, and who is told to have called them."""

import subprocess
from pathlib import Path

import pytest

import deployer
from deployer.tasks import caller

BACKUP = Path(deployer.__file__).parent / "server/installed/bin/backup"


@pytest.mark.parametrize(
    ("done", "count", "said"),
    [
        (1, 1, "wiki is backed up"),
        (0, 1, "wiki is not backed up"),
        (2, 2, "all 2 are backed up"),
        (1, 2, "1 of 2 is backed up"),
        (0, 2, "0 of 2 are backed up"),
    ],
)
def test_how_many_are_backed_up(done: int, count: int, said: str) -> None:
    take = f'eval "$(sed -n \'/^tell() {{/,/^}}/p\' {BACKUP})"; say() {{ echo "$@"; }}; NAMES=(wiki notes)'
    told = subprocess.run(
        ["bash", "-euc", f"{take}; tell {done} {count}"], capture_output=True, text=True, check=True
    )
    assert told.stdout == f"{said}\n"


def test_who_calls_is_one_word_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "nina")
    monkeypatch.setattr("platform.node", lambda: "laptop")
    assert caller() == "nina@laptop"
