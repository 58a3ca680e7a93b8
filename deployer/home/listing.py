"""The members of a tar stream as the program tar lists them: Python's own takes a hundred times as long."""

import io
import os
import re
import subprocess
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from deployer.errors import DeployError
from deployer.home.members import LARGEST, Members, gnu_tar
from deployer.home.plain import CHUNK, Plain

KEPT = LARGEST + (1 << 16)  # bytes of the beginning and the end that hold them, with what tar puts around
BLOCK = 512
END = (b": ** Block of NULs **\n", b": ** End of File **\n")
LINE = re.compile(rb"^block [0-9]+: (.*)\n", re.MULTILINE)
OPTIONS = ("--list", "--block-number", "--quoting-style=escape", "--blocking-factor=256", "--file=-")
GATHERING = 0.002  # seconds: tar takes longer to fill a pipe. To wake for each line costs more than the rest


class Listing:
    """Iterate over it for the names of the members, many at once, folders with a slash behind.

    Then it knows the rest. Names come when tar has begun with the member after them.
    """

    def __init__(self, stream: Plain, tar: subprocess.Popen[bytes]) -> None:
        self._stream, self._tar = stream, tar
        self._head, self._tail = bytearray(), deque[bytes](maxlen=KEPT // CHUNK + 2)
        self._read = 0
        self._last = b""
        self._lost: Exception | None = None
        self.bytes = 0
        """Of the stream, without the blocks of zeros after its last member."""
        self._feeder = Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def __iter__(self) -> Iterator[list[str]]:
        assert isinstance(self._tar.stdout, io.BufferedReader)
        seen = b""  # the last line, which may be half a line, or the end
        while data := self._tar.stdout.read1(CHUNK):
            time.sleep(GATHERING)
            seen += data
            whole = seen.rfind(b"\n", 0, -1) + 1
            if whole:
                yield self._names(seen[:whole])
                seen = seen[whole:]
        self._feeder.join()
        if self._lost:
            raise self._lost
        self.bytes = self._read
        if seen.endswith(END):
            self.bytes = begin_of(seen)
        elif seen:
            yield self._names(seen)

    def _names(self, lines: bytes) -> list[str]:
        """The names in lines like `block 12: NAME`; there may be a million of them."""
        self._last = lines[lines.rfind(b"\n", 0, -1) + 1 :]
        found = LINE.findall(lines) or [b""]
        if b"\\" in lines:
            return [unescaped(name) for name in found]
        return b"\n".join(found).decode("utf-8", "surrogateescape").split("\n")

    def first(self) -> bytes:
        """The content of the first member, when the second is known."""
        return content(bytes(self._head))

    def last(self) -> bytes:
        """The content of the last member, when all are known."""
        tail = b"".join(self._tail)
        begin = begin_of(self._last) - (self._read - len(tail))
        return content(tail[begin:]) if begin >= 0 else b""

    def _feed(self) -> None:
        """Hand the stream on to tar, and keep its ends; what tar does not want is read all the same."""
        assert self._tar.stdin
        wanted = True
        try:
            while data := self._stream.read():
                self._read += len(data)
                if len(self._head) < KEPT:
                    self._head += data
                self._tail.append(data)
                if wanted:
                    try:
                        self._tar.stdin.write(data)
                    except BrokenPipeError:
                        wanted = False
        except Exception as error:
            self._lost = error
        finally:
            self._close()

    def _close(self) -> None:
        assert self._tar.stdin
        try:
            self._tar.stdin.close()
        except BrokenPipeError:
            return


@contextmanager
def listed(stream: Plain) -> Iterator[Listing | Members]:
    """What tar lists; raises DeployError when it finds something wrong with it."""
    tar_of_gnu = gnu_tar()
    if tar_of_gnu is None:  # another one lists without the blocks
        yield Members(stream)
        return
    with tempfile.TemporaryFile() as said:
        argv = [tar_of_gnu, *OPTIONS]
        pipe = subprocess.PIPE
        environment = {**os.environ, "LC_ALL": "C"}
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=said, env=environment) as tar:
            try:
                yield Listing(stream, tar)
            except BaseException:
                tar.kill()
                raise
        if tar.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").splitlines() or [f"tar ended with {tar.returncode}"]
            raise DeployError(f"it is damaged: {words[0].removeprefix('tar: ')}")


def content(data: bytes) -> bytes:
    """The content of the member that the data begins with, if it is a small file."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            member = tar.next()
            small = member and member.isreg() and member.size <= LARGEST
            file = tar.extractfile(member) if member and small else None
            return file.read() if file else b""
    except (tarfile.TarError, EOFError, OSError):
        return b""


def begin_of(line: bytes) -> int:
    """Where in the stream what the line names begins."""
    return int(line[len(b"block ") : line.index(b":")]) * BLOCK


def unescaped(name: bytes) -> str:
    """The name that tar wrote with escapes."""
    if b"\\" in name:
        name = name.decode("unicode_escape").encode("latin-1")
    return name.decode("utf-8", "surrogateescape")
