"""What a build says, passed on: also by one that never ends a line, or never ends."""

import subprocess
from pathlib import Path

import deployer

SITE = Path(deployer.__file__).parent / "server/installed/lib/common/site"


def relayed(place: Path, given: str, before: str = ":") -> tuple[list[str], str]:
    """What is passed on of it, and what is kept."""
    script = f'set -Eeuo pipefail\nsource {SITE}\n{before}\nrelay "$0"'
    argv = ["bash", "-c", script, str(place / "output")]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.splitlines(), (place / "output").read_text()


def test_lines_are_passed_on_as_they_are(tmp_path: Path) -> None:
    assert relayed(tmp_path, "one\n\n  two\nthree") == (
        ["  one", "  ", "    two", "  three"],
        "one\n\n  two\nthree\n",
    )


def test_no_line_takes_all_memory(tmp_path: Path) -> None:
    said, kept = relayed(tmp_path, "x" * 50_000)
    assert (max(map(len, said)), kept.count("x"), "".join(said).count("x")) == (4002, 50_000, 50_000)


def test_what_never_ends_fills_no_disk(tmp_path: Path) -> None:
    words = "".join(f"{number} {'x' * 600}\n" for number in range(400))
    said, kept = relayed(tmp_path, words, "((MOST_WORDS /= 5))")
    assert len(said) == 400
    assert len(kept) < 120_000
    assert "399 x" in kept
