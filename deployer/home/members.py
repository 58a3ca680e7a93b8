"""The members of a tar stream as Python reads them, and what unpacks them: for machines without GNU tar.

The archives are in the format of POSIX, whose long names BusyBox's tar cuts off and says nothing.
"""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from deployer.errors import DeployError, UsageError
from deployer.home.plain import CHUNK
from deployer.home.programs import find, how_to_install
from deployer.system import is_root

LARGEST = 1 << 20  # bytes of begin.json and end.json
OURS = ("/backup/begin.json", "/backup/end.json")
GATHERED = 1000  # members whose names are handed on at once
# what is in the headers, and only GNU tar puts in place
ATTRIBUTES = ("SCHILY.xattr.", "SCHILY.acl.")
NEWER_PYTHON = "GNU tar, or a Python that has tarfile.tar_filter, is needed here"


def gnu_tar() -> str | None:
    """The program of GNU, which is called gtar where another one is called tar."""
    for name in ("gtar", "tar"):
        if found := find(name):
            told = subprocess.run([found, "--version"], capture_output=True, check=False).stdout
            if b"GNU tar" in told:
                return found
    return None


class Members:
    """Iterate over it for the names of the members, many at once, folders with a slash behind.

    Then it knows the rest.
    """

    def __init__(self, stream: Any) -> None:
        self._tar = _opened(stream)
        self._first, self._last = b"", b""
        self.bytes = 0
        """Of the stream, without the blocks of zeros after its last member."""

    def __iter__(self) -> Iterator[list[str]]:
        names: list[str] = []
        for member in _each(self._tar):
            self._last = self._content(member)
            if not self.bytes:
                self._first = self._last
            self.bytes = self._tar.offset
            names.append(f"{member.name}/" if member.isdir() else member.name)
            if len(names) == GATHERED:
                yield names
                names = []
        if names:
            yield names

    def first(self) -> bytes:
        """The content of the first member, if it is one of our own."""
        return self._first

    def last(self) -> bytes:
        """The content of the last member, if it is one of our own."""
        return self._last

    def _content(self, member: tarfile.TarInfo) -> bytes:
        ours = member.isreg() and member.size <= LARGEST and member.name.endswith(OURS)
        file = self._tar.extractfile(member) if ours else None
        return file.read() if file else b""


def extract(stream: Any, folder: Path) -> int:
    """Unpack into a folder, as GNU tar would; how many members have attributes that could not be set."""
    if not hasattr(tarfile, "tar_filter"):
        raise UsageError(NEWER_PYTHON, how_to_install("gnu-tar"))
    tar, without = _opened(stream), 0
    folders: list[tarfile.TarInfo] = []
    for member in _each(tar):
        without += any(name.startswith(ATTRIBUTES) for name in member.pax_headers)
        try:
            _put(tar, member, folder)
        except (tarfile.FilterError, OSError) as error:
            raise DeployError(f"{member.name} cannot be unpacked: {error}") from error
        if member.isdir():
            folders.append(member)
    for member in reversed(
        folders
    ):  # what is in a folder would change its time, and its rights may forbid it
        _dress(tar, member, folder)
    return without


def confined(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """The member with all its rights; raises FilterError for one that leads out of the folder."""
    return tarfile.tar_filter(member, folder).replace(mode=member.mode, deep=False)


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    if not member.islnk():
        tar.extract(member, folder, not member.isdir(), numeric_owner=True, filter=confined)
        if member.issym():
            os.utime(folder / member.name.lstrip("/"), (member.mtime, member.mtime), follow_symlinks=False)
        return
    other = tarfile.TarInfo(str(Path(member.linkname).parent))  # what it links to may be a link itself
    names = confined(member, str(folder)).name, confined(other, str(folder)).name
    here, there = folder / names[0], folder / names[1] / Path(member.linkname).name
    here.parent.mkdir(parents=True, exist_ok=True)
    os.link(there, here, follow_symlinks=False)


def _dress(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = folder / member.name.lstrip("/")
    if path.is_symlink():
        return
    if is_root():
        os.chown(path, member.uid, member.gid)
    path.chmod(member.mode & 0o7777)
    tar.utime(member, str(path))


def _opened(stream: Any) -> tarfile.TarFile:
    try:
        return tarfile.open(
            fileobj=cast(IO[bytes], stream),
            mode="r|",
            bufsize=CHUNK,
            encoding="utf-8",
            errors="surrogateescape",
            errorlevel=1,
        )
    except tarfile.TarError as error:
        raise DeployError(f"it is damaged: {error}") from error


def _each(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        while member := tar.next():
            yield member
            tar.members.clear()  # type: ignore[attr-defined]  # there may be a million
    except tarfile.FilterError:
        raise
    except tarfile.TarError as error:
        raise DeployError(f"it is damaged: {error}") from error
