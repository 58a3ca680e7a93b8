"""The members of a tar stream as Python reads them: for machines without GNU tar.

The archives are in the format of POSIX, whose long names BusyBox's tar cuts off and says nothing.
"""

import subprocess
import tarfile
from collections.abc import Iterator
from typing import IO, Any, cast

from deployer.errors import DeployError
from deployer.home.plain import CHUNK
from deployer.home.programs import find

LARGEST = 1 << 20  # bytes of begin.json and end.json
OURS = ("/backup/begin.json", "/backup/end.json")
GATHERED = 1000  # members whose names are handed on at once
DAMAGE = (tarfile.TarError, OSError, ValueError)  # what tarfile raises for a stream that is cut or spoilt


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
        self._tar = stream_of(stream)
        self._first, self._last = b"", b""
        self.bytes = 0
        """Of the stream, without the blocks of zeros after its last member."""

    def __iter__(self) -> Iterator[list[str]]:
        names: list[str] = []
        for member in each(self._tar):
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
        try:
            file = self._tar.extractfile(member) if ours else None
            return file.read() if file else b""
        except DAMAGE as error:
            raise damaged(error) from error


def stream_of(stream: Any) -> tarfile.TarFile:
    """A stream as tarfile reads it, without a way back; raises DeployError where it is none of tar."""
    try:
        return tarfile.open(
            fileobj=cast(IO[bytes], stream),
            mode="r|",
            bufsize=CHUNK,
            encoding="utf-8",
            errors="surrogateescape",
            errorlevel=1,
        )
    except DAMAGE as error:
        raise damaged(error) from error


def each(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Its members; an invalid header after the first one is an end like any other, and nothing is raised."""
    while member := _next(tar):
        yield member
        tar.members.clear()  # type: ignore[attr-defined]  # there may be a million


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo | None:
    try:
        return tar.next()
    except DAMAGE as error:
        raise damaged(error) from error


def damaged(error: Exception) -> DeployError:
    """What tarfile says of a stream, as a failure."""
    return DeployError(f"it is damaged: {error}")
