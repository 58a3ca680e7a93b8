"""What is called can be called from anywhere, and what is sourced cannot be called."""

import os
import subprocess
from pathlib import Path

from installed.conftest import INSTALLED, PROGRAMS, Root

LIBRARY = [path for path in (INSTALLED / "lib").rglob("*") if path.is_file()]


def test_what_is_only_sourced_is_not_executable_and_programs_are() -> None:
    assert LIBRARY
    assert [path for path in LIBRARY if os.access(path, os.X_OK)] == []
    assert [name for name in PROGRAMS if not os.access(INSTALLED / "bin" / name, os.X_OK)] == []


def test_programs_run_from_anywhere_and_through_links(root: Root, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(INSTALLED / "bin/push")
    for call in (f"cd {INSTALLED}/bin && ./push", f"cd {INSTALLED}/bin && bash push", str(tmp_path / "mine")):
        done = subprocess.run(["bash", "-c", f"{call} x.test"], capture_output=True, text=True, check=False)
        assert (done.returncode, "x.test is not on this server yet" in done.stdout) == (69, True), call
