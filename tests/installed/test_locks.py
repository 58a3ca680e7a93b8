"""A lock is a file that only its owner can open, and who waits for it says for whom."""

import subprocess
from pathlib import Path

import deployer

SITE = Path(deployer.__file__).parent / "server/installed/lib/common/site"


def run(script: str) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-c", f"set -euo pipefail; umask 022; source {SITE}; {script}"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


def test_nobody_else_can_open_a_lock(tmp_path: Path) -> None:
    file = tmp_path / "made/lock"
    done = run(f"hold_lock 8 {file} 'somebody has it'; open_lock OTHER {file}; flock -n $OTHER || echo held")
    assert (done.stdout, done.returncode) == ("held\n", 0), done.stderr
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_waits_for_a_lock_says_so_and_may_give_up(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    other = f"exec 7>>{file}; flock 7; "
    done = run(f"{other} hold_lock 8 {file} 'waiting for ada' 0.1 || echo given up")
    assert done.stdout == "! waiting for ada\ngiven up\n"
