"""What the commands for backups refuse, and what they say of a server that has nothing of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def deploy(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder with this sites.yaml."""
    (folder / "sites.yaml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "deployer", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True)


@pytest.mark.parametrize("date", ["latest", "yesterday", "", "2 days ago"])
def test_a_restore_of_what_is_no_date_chooses_nothing(tmp_path: Path, date: str) -> None:
    done = deploy(tmp_path, "server: {host: 127.0.0.1, port: 1}\n", "restore", "photos", "--at", date, "-y")
    assert done.returncode == 2
    assert f"'{date}' is no date of a backup" in done.stderr
    assert "2026-11-21" in done.stderr
