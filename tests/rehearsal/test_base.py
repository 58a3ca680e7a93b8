"""Base images: what a killed build leaves is in nobody's way."""

import subprocess
from pathlib import Path

from deployer.rehearsal.base import clear


def test_what_a_killed_build_had_mounted_is_gone_before_the_next(tmp_path: Path) -> None:
    unfinished = tmp_path / "debian-13.building"
    for place in ("proc", "dev/shm", "dev/pts"):
        (unfinished / place).mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", unfinished / place], check=True)
    clear(unfinished)
    assert not unfinished.exists()
    assert str(unfinished) not in Path("/proc/mounts").read_text()
