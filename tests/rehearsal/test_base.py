"""Base images: what a killed build leaves is in nobody's way, and what nobody asks for goes."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from deployer.rehearsal import base
from deployer.rehearsal.base import UNUSED_DAYS, clear


def test_what_a_killed_build_had_mounted_is_gone_before_the_next(tmp_path: Path) -> None:
    unfinished = tmp_path / "debian-13.building"
    for place in ("proc", "dev/shm", "dev/pts"):
        (unfinished / place).mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", unfinished / place], check=True)
    clear(unfinished)
    assert not unfinished.exists()
    assert str(unfinished) not in Path("/proc/mounts").read_text()


def test_what_nobody_has_asked_for_in_a_while_goes_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "CACHE", tmp_path)
    monkeypatch.setattr(base, "slots", list)
    for name, days in (("debian-12-old", UNUSED_DAYS + 1), ("debian-13-new", UNUSED_DAYS - 1)):
        for folder in ("system/etc", "0123456789ab/usr"):
            (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / "system.lock").touch()
        os.utime(tmp_path / name / "system.lock", (0, time.time() - days * 86400))
    (tmp_path / "debian-12-of-an-older-version").mkdir()
    os.utime(tmp_path / "debian-12-of-an-older-version", (0, 0))
    base._prune()
    assert [path.name for path in tmp_path.iterdir()] == ["debian-13-new"]
    assert (tmp_path / "debian-13-new/0123456789ab/usr").is_dir()
