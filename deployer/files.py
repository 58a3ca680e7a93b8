"""Files as values: what is wanted on the server and what is there have the same type."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A regular file. A secret one is in no diff. Who is not root is a number, as the kernel has it."""

    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    secret: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Whether it is the same file, made already or not."""
        if not isinstance(other, File):
            return NotImplemented
        return self is other or (same(self, other) and self.secret == other.secret)


class LateFile(File):
    """A file whose content is made when somebody asks for it: for most questions its path is enough."""

    __slots__ = ("_make",)
    _make: Callable[[], bytes]

    def __init__(
        self,
        content: Callable[[], bytes] | bytes,
        mode: int = 0o644,
        owner: str = "root",
        group: str = "root",
        secret: bool = False,
    ) -> None:
        late = callable(content)
        _CONTENT.__set__(self, None if late else content)
        made = {"_make": content if late else bytes, "mode": mode, "owner": owner, "group": group}
        for name, value in (made | {"secret": secret}).items():
            object.__setattr__(self, name, value)

    @property
    def content(self) -> bytes:
        """What is in it."""
        made: bytes | None = _CONTENT.__get__(self)
        if made is None:
            made = self._make()
            _CONTENT.__set__(self, made)
        return made


_CONTENT = File.__dict__["content"]


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


def make(files: Files) -> None:
    """Make the content of all that are late: others of the same templates take little time then."""
    for file in files.values():
        _ = file.content


def pack(files: Files) -> bytes:
    """A compressed tar of files, by path without the leading slash; the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, file in sorted(files.items()):
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(file.content), file.mode
            member.uname, member.uid = _named(file.owner)
            member.gname, member.gid = _named(file.group)
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
                owner, group = (str(number) if number else "root" for number in (member.uid, member.gid))
                found[path] = File(content.read(), member.mode & 0o7777, owner, group)
    return found


def _named(owner: str) -> tuple[str, int]:
    return ("", int(owner)) if owner.isdecimal() else (owner, 0)
