"""Unpacks a plain archive into a folder of this machine, by GNU tar, or where there is none by Python."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from deployer.errors import DeployError
from deployer.home.extraction import extract
from deployer.home.members import LARGEST, gnu_tar
from deployer.home.reading import complete, own
from deployer.system import is_root


def unpack(directory: Path, name: str, chunks: Iterable[bytes]) -> str:
    """Unpack into a folder which is not there before or empty; what of the archive could not be set here."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DeployError(f"{directory} is there already, and not empty", "Name a folder that does not exist")
    directory = directory.resolve()
    # one that is there stays the same: a shell may stand in it, or a disk be mounted there
    part = (directory / "part" if directory.exists() else directory).with_name(directory.name + ".part")
    try:
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise DeployError(
            f"{part} cannot be made: {error.strerror}", "Remove it, or name another folder"
        ) from error
    try:
        left = _extract(part, name, chunks)
        _into_place(part, directory)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return left


def _into_place(part: Path, directory: Path) -> None:
    try:
        if part.parent != directory:
            part.rename(directory)
            return
        for path in part.iterdir():
            path.rename(directory / path.name)
        part.rmdir()
    except OSError as error:
        raise DeployError(
            f"{error.filename} cannot be moved into {directory}: {error.strerror}",
            "Name a folder that does not exist",
        ) from error


def _extract(folder: Path, name: str, chunks: Iterable[bytes]) -> str:
    end = f"srv/deploy/{name}/backup/end.json"
    if tar := gnu_tar():
        count, last = _by_tar(tar, folder, chunks)
        complete(own((last, _content(folder / last)), end), count)
        return ""
    stream = Chunks(chunks)
    found = extract(stream, folder)
    stream.finish()  # what it has to say tells more than what is missing
    complete(own(found.last, end), found.members)
    # who is not root cannot set them either, and was never told
    return ATTRIBUTES.format(found.without) if found.without and is_root() else ""


ATTRIBUTES = "the access lists and extended attributes of {} files were left out: only GNU tar can set them"


def _content(path: Path) -> bytes:
    """What a file of our own says; nothing where there is none, or something that no backup writes."""
    written = path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST
    return path.read_bytes() if written else b""


def _by_tar(program: str, folder: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    """How many members there were, and the name of the last: tar itself misses none that was never there."""
    tar = [program, "--extract", "--preserve-permissions", f"--directory={folder}"]
    tar += ["--verbose", "--quoting-style=escape"]  # a line each, whatever the name
    if is_root():  # only root can give files away, and set what the system has as attributes
        tar += ["--numeric-owner", "--acls", "--xattrs", "--xattrs-include=*"]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as names:
        # BrokenPipeError: its own words tell why it read no further
        with (
            suppress(BrokenPipeError),
            subprocess.Popen(tar, stdin=subprocess.PIPE, stdout=names, stderr=said) as process,
        ):
            assert process.stdin, "it was asked for"
            for chunk in chunks:
                process.stdin.write(chunk)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").splitlines() or ["it said nothing"]
            raise DeployError(f"tar could not unpack it: {words[0]}")
        names.seek(0)
        count, last = 0, b""
        for count, last in enumerate(names, start=1):  # noqa: B007  the last of them
            pass
        return count, last.decode(errors="replace").rstrip("\n")


class Chunks:
    """Pieces as a stream with `read`."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._left = b""

    def read(self, size: int) -> bytes:
        """As many bytes, or fewer at the end."""
        found, length = [self._left], len(self._left)
        while length < size and (chunk := next(self._chunks, None)) is not None:
            found.append(chunk)
            length += len(chunk)
        data = b"".join(found)
        self._left = data[size:]
        return data[:size]

    def finish(self) -> None:
        """Read what is left: only the end of the pieces says that all of it is genuine."""
        for _ in self._chunks:
            pass
