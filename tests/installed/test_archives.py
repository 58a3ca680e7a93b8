"""Programs that come as archives: proved by their digest, unpacked once, and never half there."""

import hashlib
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deployer/kinds/pooled_archive.sh"
CHECK = """
source "$1"
complete() { [ -f "$1/index.php" ] && echo made >"$1/made.php"; }
check_archives Forum complete "$2"
"""


@pytest.fixture
def packed(tmp_path: Path) -> dict[str, Path]:
    """A program, in each form that one is published in."""
    (tmp_path / "program-1.0/.hidden").mkdir(parents=True)
    (tmp_path / "program-1.0/index.php").write_text("<?php")
    for command in ("tar -czf a.tar.gz", "tar -cjf a.tar.bz2", "zip -qr a.zip"):
        subprocess.run([*command.split(), "program-1.0"], cwd=tmp_path, check=True)
    (tmp_path / "cut").write_bytes((tmp_path / "a.tar.gz").read_bytes()[:-20])
    (tmp_path / "other").write_text("no archive")
    return {path.name: path for path in tmp_path.iterdir()}


def check(folder: Path, archive: Path | str, digest: str = "") -> tuple[int, str]:
    """Have it as the server does; the exit code, and what was said."""
    if isinstance(archive, Path) and not digest:
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (folder / "site").write_text(f"ARCHIVE={archive}\nSHA256={digest}\nPROGRAM={folder}/share/abc\n")
    done = subprocess.run(
        ["bash", "-c", CHECK, "-", SCRIPT, folder / "site"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.bz2", "a.zip"])
def test_it_is_unpacked_as_a_whole_and_readable_for_everyone(
    tmp_path: Path, packed: dict[str, Path], name: str
) -> None:
    assert check(tmp_path, packed[name]) == (0, "")
    program = tmp_path / "share/abc"
    assert sorted(path.name for path in program.iterdir()) == [".hidden", "index.php", "made.php"]
    assert program.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in program.parent.iterdir()] == ["abc"]


@pytest.mark.parametrize(
    ("name", "digest", "words"),
    [
        ("a.tar.gz", "0" * 64, "is not what sites.yaml says: its SHA-256 is"),
        ("cut", "", "is no archive of Forum"),
        ("other", "", "is no archive of Forum"),
        ("none", "0" * 64, "cannot be had"),
    ],
)
def test_what_is_not_right_leaves_nothing(
    tmp_path: Path, packed: dict[str, Path], name: str, digest: str, words: str
) -> None:
    (tmp_path / "share/abc.new").mkdir(parents=True)  # what a killed one has left
    code, said = check(tmp_path, packed.get(name, tmp_path / name), digest)
    assert (code, words in said, said.startswith(f"{tmp_path}/site: ")) == (1, True, True), said
    assert list((tmp_path / "share").iterdir()) == []
