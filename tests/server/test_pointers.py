"""What stands for a file in Git LFS is not published for the file, whoever and whatever wrote it."""

import subprocess
from pathlib import Path

import pytest

import deployer

GATE = Path(deployer.__file__).parent / "server/installed/lib/publication/gate"
V1 = "version https://git-lfs.github.com/spec/v1"
REST = f"oid sha256:{'0' * 64}\nsize 5\n"


def refused(folder: Path) -> str:
    """What the gate says of a release."""
    stubs = 'unprivileged() { shift; "$@"; }; fail() { echo "$1"; exit 1; }'
    ask = f"set -euo pipefail; source {GATE}; {stubs}; WORK={folder}; refuse_pointers {folder}/site"
    return subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False).stdout


# the other versions are what git-lfs/git-lfs takes for the same: v1Aliases in its lfs/pointer.go
@pytest.mark.parametrize(
    "text",
    [
        f"{V1}\n{REST}",
        f"{V1}\next-0-foo sha256:{'1' * 64}\n{REST}",
        f"{V1}\n{REST}".replace("\n", "\r\n"),
        f"{V1}\n{REST}".rstrip("\n"),
        f"version http://git-media.io/v/2\n{REST}",
        f"version https://hawser.github.com/spec/v1\n{REST}",
    ],
)
def test_a_pointer_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/a b.png").write_bytes(text.encode())
    assert refused(tmp_path).startswith("a b.png is a pointer of Git LFS")


@pytest.mark.parametrize("text", ["", V1, f"\n{V1}\n{REST}", f"{V1}\n{REST}and more\n", "x" * 200])
def test_what_only_speaks_of_it_is_not(text: str, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/a.md").write_bytes(text.encode())
    assert refused(tmp_path) == ""
