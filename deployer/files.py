"""Files as values: what is wanted on the server and what is there have the same type."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A regular file. A secret one is never shown in a diff."""

    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, as it is found on a server."""

    target: str


Files = Mapping[str, File]
Found = Mapping[str, File | Link]
Side = File | Link | None
"""What is at a path before a change, or after it."""


def same(wanted: File, found: File | Link | None) -> bool:
    """Whether what is there is what is wanted: content, mode and owner."""
    return isinstance(found, File) and (wanted.content, wanted.mode, wanted.owner, wanted.group) == (
        found.content,
        found.mode,
        found.owner,
        found.group,
    )


def pack(files: Files) -> bytes:
    """A compressed tar of files, by path without the leading slash; the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, file in sorted(files.items()):
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(file.content), file.mode
            member.uname, member.gname = file.owner, file.group
            tar.addfile(member, io.BytesIO(file.content))
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)


def unpack(data: bytes) -> dict[str, File | Link]:
    """The regular files and symbolic links of a compressed tar, by absolute path."""
    found: dict[str, File | Link] = {}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data)), mode="r:") as tar:
        for member in tar:
            path = "/" + member.name.lstrip("/")
            if member.issym():
                found[path] = Link(member.linkname)
            elif content := tar.extractfile(member) if member.isfile() else None:
                found[path] = File(content.read(), member.mode & 0o7777, member.uname, member.gname)
    return found
