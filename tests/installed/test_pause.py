"""Waiting a moment, as what is asked for again and again does: without starting a program each time."""

import subprocess
import time
from pathlib import Path

import deployer

SERVER = Path(deployer.__file__).parent
PAUSE = SERVER / "server/installed/lib/common/pause"


def bash(script: str) -> str:
    """What it says where there are no programs."""
    argv = ["/bin/bash", "-euo", "pipefail", "-c", f"source {PAUSE}\n{script}"]
    done = subprocess.run(argv, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def test_it_lasts_as_long_as_it_shall_each_time() -> None:
    begun = time.monotonic()
    assert bash("pause 0.2; pause 0.3; echo waited") == "waited\n"
    assert 0.5 <= time.monotonic() - begun < 5


def test_it_takes_nothing_of_what_the_script_reads_and_knows_no_end_of_it() -> None:
    script = "line=; pause 0 </dev/null; while read -r each; do pause 0.01; line+=$each; done <<<$'a\\nb'"
    assert bash(f"{script}; (pause 0.1); echo $line") == "ab\n"


def test_nothing_that_asks_again_and_again_starts_a_program_to_wait() -> None:
    scripts = [
        path
        for folder in ("server/installed", "server/sent", "parts", "kinds")
        for path in (SERVER / folder).rglob("*")
        if path.is_file() and path.suffix in ("", ".sh")
    ]
    assert len(scripts) > 100
    lines = [(path.name, line) for path in scripts for line in path.read_text().splitlines()]
    begin = {name for name, line in lines if " sleep " in line and not line.startswith("#")}
    assert begin == {"compose"}  # which a signal must be able to end
