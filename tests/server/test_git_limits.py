"""A repository of a few bytes that would take all memory, or all time, of root, who reads it first."""

import hashlib
import os
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

import deployer

SCRIPTS = Path(deployer.__file__).parent / "server/installed"
IDENTITY = {
    f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
CAGE = ["prlimit", "--data=1000000000:", "--cpu=20:"]  # where it has no limit of its own
TOO_MUCH = "✗ Git needs more than 38 MB of memory for what is there, or more than 10 minutes"
BEGIN = f"""
set -Eeuo pipefail
shopt -s extglob nullglob
INSTALLED={SCRIPTS} source {SCRIPTS}/lib/publication/fetch
source {SCRIPTS}/lib/publication/checkout
MEMORY_LIMIT=40000000 LEAST_FOR_GIT=0
RESERVE=0 FREE=1000000000000
DOMAIN=site.test REPOSITORY=https://example.org/x.git
BARE=$WORK/repository.git PLACE=$WORK BUILDER=$WORK/builder TICKET=1 BUILD_USER=nobody PREVIEW=''
step() {{ :; }}
free_space() {{ :; }}
chown() {{ :; }}
megabytes() {{ MEGABYTES="$1 B"; }}
done_step() {{ echo "✓ $1"; }}
last_words() {{ tail -n 1 "$1"; }}
fail() {{ echo "✗ $*"; exit 1; }}
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "repository.git"
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    return folder


def git(bare: Path, *arguments: str, given: str = "") -> str:
    argv = ["git", "--git-dir", str(bare), *arguments]
    environment = {**os.environ, **IDENTITY}
    return subprocess.run(
        argv, input=given, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def bomb(bare: Path, tree: str) -> str:
    """A commit of ten trees, each of which is ten times the next."""
    for _ in range(10):
        tree = git(bare, "mktree", given="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    return git(bare, "commit-tree", "-m", "x", tree)


def run(place: Path, script: str, stdin: bytes = b"", **variables: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "WORK": str(place)} | variables
    argv = [*CAGE, "bash", "-c", BEGIN + script]
    done = subprocess.run(argv, input=stdin, env=environment, capture_output=True, check=False)
    return done.stdout.decode() + done.stderr.decode()


def test_a_repository_with_more_files_than_fit_into_memory(bare: Path) -> None:
    blob = git(bare, "hash-object", "-w", "--stdin", given="x")
    revision = bomb(bare, git(bare, "mktree", given=f"100644 blob {blob}\tf\n"))
    git(bare, "update-ref", "refs/heads/main", revision)
    git(bare, "repack", "-adq")
    said = run(bare.parent, 'new_git "$WORK/git"', REVISION=revision)
    assert TOO_MUCH in said
    assert "limits: {memory: 76M}" in said


def test_a_repository_of_folders_without_any_file(bare: Path) -> None:
    revision = bomb(bare, git(bare, "mktree"))
    said = run(bare.parent, 'GIT_SECONDS=1\nnew_git "$WORK/git"', REVISION=revision)
    assert "✗ Git needs more than 38 MB of memory for what is there, or more than 0 minutes" in said
    assert "find" not in run(bare.parent, "GIT_SECONDS=1\nfind_apart || :", REVISION=revision)


def number(value: int) -> bytes:
    """As a delta has its sizes."""
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def entry(kind: int, size: int) -> bytes:
    """The beginning of an object in a pack."""
    first, size = kind << 4 | size & 15, size >> 4
    return bytes([first | 128]) + number(size) if size else bytes([first])


def expanding(times: int) -> bytes:
    """A pack with a file of a megabyte, and one that is so many times that."""
    base = bytes(1 << 20)
    delta = number(len(base)) + number(times * (1 << 20)) + b"\xc0\x10" * times  # 0, a megabyte of it
    objects = entry(3, len(base)) + zlib.compress(base)
    at = len(objects)
    back = bytes([at & 127])
    while at := at >> 7:
        at -= 1
        back = bytes([at & 127 | 128]) + back
    objects += entry(6, len(delta)) + back + zlib.compress(delta)
    pack = b"PACK" + struct.pack(">II", 2, 2) + objects
    return pack + hashlib.sha1(pack).digest()


def test_a_file_that_is_larger_than_memory_and_some_bytes_in_a_push(bare: Path) -> None:
    (bare.parent / "tickets").mkdir()
    sent = f"PACK={'0' * 40}\nreceive_pack"
    assert "✓" in run(bare.parent, sent, expanding(3))
    said = run(bare.parent, sent, expanding(300))
    assert TOO_MUCH in said


def test_a_subject_that_is_no_line(bare: Path) -> None:
    tree = git(bare, "mktree")
    git(bare, "update-ref", "refs/heads/long", git(bare, "commit-tree", "-F", "-", tree, given="é" * 5000))
    git(bare, "update-ref", "refs/heads/short", git(bare, "commit-tree", "-m", "One\ttwo  ", tree))
    resolved = 'resolve "$REF"\nprintf "%s|" "$SUBJECT"'
    assert run(bare.parent, resolved, REF="long") == "é" * 198 + "..|"
    assert run(bare.parent, resolved, REF="short") == "One two|"
