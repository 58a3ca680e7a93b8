"""An archive is unpacked into a folder here, by GNU tar or, where there is another one, by Python."""

import io
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.home.unpacking import unpack
from home.sample import without_gnu_tar

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of every kind that a service may have."""
    place = tmp_path / "there/srv/app"
    (place / "closed").mkdir(parents=True)
    (place / "closed/file").write_text("inside")
    (place / ("long" * 60)).write_text("a name of 240 letters")
    (place / "größe \\ \n").write_text("odd")
    (place / "program").write_text("#!/bin/sh")
    os.link(place / "program", place / "linked")
    (place / "nowhere").symlink_to("/nowhere")
    os.link(place / "nowhere", place / "nowhere too", follow_symlinks=False)
    os.mkfifo(place / "pipe")
    with (place / "sparse").open("wb") as sparse:
        sparse.truncate(3 << 20)
        sparse.seek(1 << 20)
        sparse.write(b"x")
    (place / "program").chmod(0o4755)
    (place / "closed").chmod(0o500)
    for path in place.rglob("*"):
        os.utime(path, (10**9, 10**9), follow_symlinks=False)
    return tmp_path / "there"


def made(tree: Path, *options: str) -> list[bytes]:
    argv = [
        "/usr/bin/tar",
        "-c",
        "--format=posix",
        "--numeric-owner",
        "--sparse",
        *options,
        "-C",
        tree,
        "srv",
    ]
    data = subprocess.run(argv, capture_output=True, check=True).stdout
    return [data[:100], b"", *(data[at : at + 70_000] for at in range(100, len(data), 70_000))]


def seen(folder: Path) -> dict[str, tuple[object, ...]]:
    """What there is to be seen of every path."""
    found = {}
    for path in folder.rglob("*"):
        info = path.lstat()
        of_a_file = (info.st_size, path.read_bytes()) if stat.S_ISREG(info.st_mode) else ()
        link = os.readlink(path) if path.is_symlink() else ""
        more = (info.st_nlink, int(info.st_mtime)) if not path.is_dir() or path.name == "closed" else ()
        found[str(path.relative_to(folder))] = (
            info.st_mode,
            info.st_uid,
            info.st_gid,
            link,
            *of_a_file,
            *more,
        )
    return found


@pytest.mark.parametrize("tar", ["GNU tar", "another tar"])
def test_everything_is_as_it_was(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tar: str
) -> None:
    if os.geteuid() == 0:
        os.chown(tree / "srv/app/closed/file", 4711, 4712)
    chunks = made(tree)
    if tar == "another tar":
        without_gnu_tar(tmp_path / "bin", monkeypatch)
    assert unpack(tmp_path / "here", iter(chunks)) == ""
    assert seen(tmp_path / "here") == seen(tree)
    assert (tmp_path / "here/srv/app/sparse").stat().st_blocks < 1000, "its holes are no zeros"


@needs_root
def test_what_only_gnu_tar_can_set_is_told(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.setxattr(tree / "srv/app/program", "user.colour", b"green")
    chunks = made(tree, "--xattrs")
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    assert "of 1 files were left out" in unpack(tmp_path / "here", iter(chunks))


def hostile(*members: tuple[str, bytes, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, target, 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"bad"))
    return stream.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        [("../outside", tarfile.REGTYPE, "")],
        [("door", tarfile.SYMTYPE, ".."), ("door/outside", tarfile.REGTYPE, "")],
        [("door", tarfile.SYMTYPE, "../outside"), ("door", tarfile.REGTYPE, "")],
        [("hard", tarfile.LNKTYPE, "../outside"), ("hard", tarfile.REGTYPE, "")],
        [
            ("door", tarfile.SYMTYPE, ".."),
            ("hard", tarfile.LNKTYPE, "door/outside"),
            ("hard", tarfile.REGTYPE, ""),
        ],
        [("a", tarfile.SYMTYPE, "../outside"), ("b", tarfile.LNKTYPE, "a"), ("b", tarfile.REGTYPE, "")],
        [("a", tarfile.LNKTYPE, "nothing")],
    ],
)
def test_nothing_lands_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: list[tuple[str, bytes, str]]
) -> None:
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    (tmp_path / "outside").write_text("mine")
    with pytest.raises(DeployError, match="cannot be unpacked"):
        unpack(tmp_path / "here", iter([hostile(*members)]))
    assert (tmp_path / "outside").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "outside"]


def test_a_damaged_one_leaves_nothing(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(made(tree))
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    with pytest.raises(DeployError, match="it is damaged"):
        unpack(tmp_path / "here", iter([data[: len(data) // 2]]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "there"]
