"""An archive is unpacked into a folder here, by GNU tar or, where there is another one, by Python."""

import io
import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.home.members import Members
from deployer.home.unpacking import Chunks, unpack
from home.sample import tar_of, without_gnu_tar

END = "srv/deploy/app/backup/end.json"
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
    end = tmp_path / "there" / END
    end.parent.mkdir(parents=True)
    end.write_text(json.dumps({"members": len(list(place.rglob("*"))) + 1}))
    os.utime(end, (10**9, 10**9))
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
        "srv/app",
        END,
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
    assert unpack(tmp_path / "here", "app", iter(chunks)) == ""
    assert seen(tmp_path / "here") == seen(tree)
    assert (tmp_path / "here/srv/app/sparse").stat().st_blocks < 1000, "its holes are no zeros"


@needs_root
def test_what_only_gnu_tar_can_set_is_told(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.setxattr(tree / "srv/app/program", "user.colour", b"green")
    chunks = made(tree, "--xattrs")
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    assert "of 1 files were left out" in unpack(tmp_path / "here", "app", iter(chunks))


Hostile = list[tuple[str, bytes, str]]


def hostile(*members: tuple[str, bytes, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, target, 3 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"bad"))
    return stream.getvalue()


def beyond_path_max() -> Hostile:
    """A link "door" that leads out of the folder, by a way too long for realpath (CVE-2025-4517)."""
    long, steps = "d" * 247, "abcdefghijklmnop"
    members: Hostile = []
    for depth, step in enumerate(steps):
        below = f"{long}/" * depth
        members += [(below + long, tarfile.DIRTYPE, ""), (below + step, tarfile.SYMTYPE, long)]
    members.append((f"{'/'.join(steps)}/{'l' * 254}", tarfile.SYMTYPE, "../" * len(steps)))
    members.append(("door", tarfile.SYMTYPE, f"{'/'.join(steps)}/{'l' * 254}/.."))
    return members


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
        [*beyond_path_max(), ("door/outside", tarfile.REGTYPE, "")],
        [
            *beyond_path_max(),
            ("hard", tarfile.LNKTYPE, "door/outside"),
            ("hard", tarfile.REGTYPE, ""),
        ],
        [
            *beyond_path_max()[:-1],
            ("door", tarfile.SYMTYPE, beyond_path_max()[-1][2] + "/outside"),
            ("door", tarfile.REGTYPE, ""),
        ],
        [
            ("inside", tarfile.DIRTYPE, ""),
            ("door", tarfile.SYMTYPE, "inside"),
            ("door/f", tarfile.REGTYPE, ""),
        ],
        [("a", tarfile.DIRTYPE, ""), ("a/../b", tarfile.REGTYPE, "")],
        [("a", tarfile.REGTYPE, ""), ("b", tarfile.DIRTYPE, ""), ("c", tarfile.LNKTYPE, "b/../a")],
    ],
)
def test_nothing_lands_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: Hostile) -> None:
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    (tmp_path / "outside").write_text("mine")
    with pytest.raises(DeployError, match="cannot be unpacked"):
        unpack(tmp_path / "here", "app", iter([hostile(*members)]))
    assert (tmp_path / "outside").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "outside"]


def test_a_damaged_one_leaves_nothing(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(made(tree))
    without_gnu_tar(tmp_path / "bin", monkeypatch)
    with pytest.raises(DeployError, match="it is damaged"):
        unpack(tmp_path / "here", "app", iter([data[: len(data) // 2]]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "there"]


FILES = {f"srv/app/{name}": name.encode() * 700 for name in "abcd"}
WHOLE = tar_of("app", FILES)
SECOND = WHOLE.index(b"srv/app/b")


def spoilt(at: int) -> bytes:
    return WHOLE[:at] + b"?" * 512 + WHOLE[at + 512 :]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            spoilt(SECOND),
            "it has no end.json where it must be: it is not a whole backup|tar could not unpack it",
        ),
        (WHOLE[:SECOND], "it has no end.json where it must be: it is not a whole backup"),
        (WHOLE[: SECOND + 100], "it has no end.json where it must be: it is not a whole backup"),
        (WHOLE[: SECOND + 700], "it is damaged: unexpected end of data|tar could not unpack it"),
        (WHOLE[: WHOLE.index(b'{"members')] + bytes(10240), "its end.json cannot be read"),
        (tar_of("other", FILES), "it has no end.json where it must be"),
        (tar_of("app", FILES, missing=2), "it has 5 members, and 7 were written: some are missing"),
    ],
)
@pytest.mark.parametrize("tar", ["GNU tar", "another tar"])
def test_what_is_not_whole_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str, tar: str
) -> None:
    if tar == "another tar":
        without_gnu_tar(tmp_path / "bin", monkeypatch)
    with pytest.raises(DeployError, match=said):
        unpack(tmp_path / "here", "app", iter([data]))
    assert [path.name for path in tmp_path.iterdir() if path.name != "bin"] == []


def test_what_the_pieces_say_at_their_end_comes_before_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pieces() -> Iterator[bytes]:
        yield spoilt(SECOND)
        raise DeployError("the archive is not the one that was made")

    without_gnu_tar(tmp_path / "bin", monkeypatch)
    with pytest.raises(DeployError, match="not the one that was made"):
        unpack(tmp_path / "here", "app", pieces())


def test_a_cut_within_a_file_of_our_own_is_damage() -> None:
    with pytest.raises(DeployError, match="it is damaged"):
        list(Members(Chunks([WHOLE[: WHOLE.index(b'{"members') + 3]])))


@pytest.mark.parametrize("tar", ["GNU tar", "another tar"])
def test_the_folder_that_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tar: str) -> None:
    if tar == "another tar":
        without_gnu_tar(tmp_path / "bin", monkeypatch)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(DeployError):
        unpack(Path(), "app", iter([WHOLE[: SECOND + 700]]))
    assert not os.listdir(), "nothing is left"
    unpack(Path(), "app", iter([WHOLE]))
    assert os.listdir() == ["srv"], "a shell in it still sees it"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "bin") == ["here"]
