"""Puts the members of a tar stream in place by Python, and nothing outside of its folder."""

import os
import stat
import tarfile
from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from deployer.errors import DeployError
from deployer.home.members import DAMAGE, LARGEST, OURS, damaged, each, stream_of
from deployer.system import is_root

# what is in the headers, and only GNU tar puts in place
ATTRIBUTES = ("SCHILY.xattr.", "SCHILY.acl.")
TRUSTED: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
"""What newer Pythons are told of members that were looked at already."""


class Extracted(NamedTuple):
    """How many there were, the last with its content if it is our own, how many lack attributes."""

    members: int
    last: tuple[str, bytes]
    without: int


def extract(stream: Any, folder: Path) -> Extracted:
    """Unpack into a folder, as GNU tar would; whether anything is missing, only the last member tells."""
    tar, inside = stream_of(stream), Inside(folder)
    count, without, member = 0, 0, tarfile.TarInfo()
    folders: list[tarfile.TarInfo] = []
    for member in each(tar):
        count += 1
        without += any(name.startswith(ATTRIBUTES) for name in member.pax_headers)
        try:
            _put(tar, member, inside)
        except tarfile.ReadError as error:
            raise damaged(error) from error
        except DAMAGE as error:
            raise DeployError(f"{member.name} cannot be unpacked: {error}") from error
        if member.isdir():
            folders.append(member)
    ours = member.isreg() and member.size <= LARGEST and member.name.endswith(OURS)
    last = member.name, (folder / member.name.lstrip("/")).read_bytes() if ours else b""
    # what is in a folder would change its time, and its rights may forbid it
    for each_folder in reversed(folders):
        _dress(tar, each_folder, folder)
    return Extracted(count, last, without)


class LeadsOutside(tarfile.TarError):
    """A member that has no place in the folder."""


class Inside:
    """Lets nothing out of a folder: no member of a real tree lies below a symbolic link.

    realpath, and with it the filters of newer Pythons, gives up on links beyond PATH_MAX (CVE-2025-4517).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._walked = PurePosixPath()  # no member can make a link of a folder that is there

    def confined(self, member: tarfile.TarInfo) -> tarfile.TarInfo:
        """The member, named from the folder on; raises LeadsOutside for one that leads out of it."""
        found = copy(member)
        found.name = member.name.lstrip("/" + os.sep)
        self.walk(found.name)
        if not member.issym() and (self.folder / found.name).is_symlink():
            raise LeadsOutside("a symbolic link has its place")
        return found

    def walk(self, name: str) -> None:
        """Raise LeadsOutside unless everything above a name is a folder, or not there yet."""
        path = PurePosixPath(name)
        if ".." in path.parts or os.path.isabs(name):
            raise LeadsOutside(f"{name} leads upwards")
        if path.parent == self._walked:
            return
        for above in reversed((path.parent, *path.parent.parents)):
            try:
                mode = (self.folder / above).lstat().st_mode
            except FileNotFoundError:
                return
            if not stat.S_ISDIR(mode):
                raise LeadsOutside(f"{above} is no folder")
        self._walked = path.parent


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, inside: Inside) -> None:
    folder = inside.folder
    if not member.islnk():
        tar.extract(inside.confined(member), folder, not member.isdir(), numeric_owner=True, **TRUSTED)
        if member.issym():
            os.utime(folder / member.name.lstrip("/"), (member.mtime, member.mtime), follow_symlinks=False)
        return
    here = folder / inside.confined(member).name
    there = member.linkname.lstrip("/")
    inside.walk(there)  # what it links to may be a link itself
    here.parent.mkdir(parents=True, exist_ok=True)
    os.link(folder / there, here, follow_symlinks=False)


def _dress(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = folder / member.name.lstrip("/")
    if path.is_symlink():
        return
    if is_root():
        os.chown(path, member.uid, member.gid)
    path.chmod(member.mode & 0o7777)
    tar.utime(member, str(path))
