"""What a home server has of programs; what others have is played by stand-ins that say what those say."""

from pathlib import Path

import pytest

from deployer.config.home import Home
from deployer.config.server import Server
from deployer.errors import UsageError
from deployer.home import programs
from deployer.home.link import Link

# what they print for --version: kristapsdz/openrsync of July 2026, Apple's, that of macOS until 15.3, rsync's
OPENRSYNC = "openrsync: protocol version 27"
APPLE = "openrsync: protocol version 29\nrsync version 2.6.9 compatible"
OLD = "rsync  version 2.6.9  protocol version 29"
NEW = "rsync  version 3.4.1  protocol version 32"
V = "rsync  version v3.2.7  protocol version 31"


def stand_in(folder: Path, name: str, said: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{said}'\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture(autouse=True)
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing but stand-ins, and a place for what its owner installs."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(programs, "PLACES", f"{tmp_path}/brew:{tmp_path}/more")
    stand_in(tmp_path / "bin", "ssh", "")


@pytest.mark.parametrize(
    ("said", "which"),
    [(OPENRSYNC, "another rsync (openrsync)"), (APPLE, "another rsync (openrsync)"), (OLD, "rsync 2.6")],
)
def test_an_rsync_that_cannot_do_it_is_told_before_anything_is_asked(
    tmp_path: Path, said: str, which: str
) -> None:
    path = stand_in(tmp_path / "bin", "rsync", said)
    with pytest.raises(UsageError) as error:
        Link(Server(host="vps.example.org"), Home(directory=str(tmp_path)))
    assert error.value.message == f"{path} is {which}, and 3.1 or newer of rsync.samba.org is needed"
    assert error.value.advice == "Install it: brew install rsync"


@pytest.mark.parametrize("good", [NEW, V])
def test_the_good_one_is_found_where_a_mac_has_it(tmp_path: Path, good: str) -> None:
    stand_in(tmp_path / "bin", "rsync", APPLE)
    path = stand_in(tmp_path / "brew", "rsync", good)
    with Link(Server(host="vps.example.org"), Home(directory=str(tmp_path))) as link:
        assert link.rsync == str(path)


def test_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rsync is not installed here"):
        programs.rsync()


@pytest.mark.parametrize(
    ("platform", "apt", "advice"),
    [
        ("darwin", False, "Install it: brew install zstd"),
        ("linux", True, "Install it: apt-get install zstd"),
        ("linux", False, "Install zstd, by what installs programs on this machine"),
    ],
)
def test_the_advice_is_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, apt: bool, advice: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    if apt:
        stand_in(tmp_path / "bin", "apt-get", "")
    with pytest.raises(UsageError) as error:
        programs.require("zstd")
    assert error.value.advice == advice
