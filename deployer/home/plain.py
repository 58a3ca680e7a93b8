"""An archive in plain, as a stream: gpg and zstd run here, where the private key is, and write nothing."""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import IO

from deployer.errors import DeployError
from deployer.home.programs import require
from deployer.home.undecrypted import failure

CHUNK = 1 << 17
GPG = ("gpg", "--status-fd", "2", "--decrypt")  # if it is quiet, it does not tell why a key does not do it
PACKAGES = {"gpg": "gnupg", "zstd": "zstd"}
ZSTD = ("zstd", "--quiet", "--decompress", "--stdout")


class Plain:
    """The tar stream of an archive; `read` it to its end, then `check` tells whether it is to be believed."""

    def __init__(self, chunks: Iterable[bytes], digest: str, said: IO[bytes]) -> None:
        self._said, self._digest = said, digest
        self._gpg = _start(GPG, subprocess.PIPE, said)
        assert self._gpg.stdin, "it is a pipe"
        assert self._gpg.stdout, "it is a pipe"
        self._zstd = _start(ZSTD, self._gpg.stdout, said)
        self._gpg.stdout.close()  # zstd has it now
        assert self._zstd.stdout, "it is a pipe"
        self._sink, self._source = self._gpg.stdin, self._zstd.stdout
        self._taken = 0
        self._lost: Exception | None = None
        self._whole = False
        self._seen = hashlib.sha256()
        self._feeder = Thread(target=self._feed, args=(chunks,), daemon=True)
        self._feeder.start()

    def read(self, size: int = CHUNK) -> bytes:
        """As many bytes, or fewer at the end."""
        return self._source.read(size)

    def read_so_far(self) -> int:
        """How many bytes of the encrypted archive have gone in."""
        return self._taken

    def check(self) -> None:
        """Raise DeployError unless all of it came, was what had been written, and could be decrypted."""
        self._feeder.join()
        if self._lost:
            raise self._lost
        codes = self._gpg.wait(), self._zstd.wait()
        if self._whole and self._digest and self._seen.hexdigest() != self._digest:
            raise altered()
        if any(codes):
            self._said.seek(0)
            raise failure(self._said.read().decode(errors="replace"))

    def close(self) -> None:
        """End both processes, wherever they are."""
        for process in (self._gpg, self._zstd):
            process.kill()
            process.wait()
        self._source.close()
        self._feeder.join()

    def _feed(self, chunks: Iterable[bytes]) -> None:
        try:
            with self._sink as sink:
                for chunk in chunks:
                    self._seen.update(chunk)
                    sink.write(chunk)
                    self._taken += len(chunk)
                self._whole = True
        except BrokenPipeError:
            return  # gpg ended: its own words tell why
        except Exception as error:
            self._lost = error


def _start(argv: tuple[str, ...], stdin: int | IO[bytes], said: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if "GPG_TTY" not in environment and hasattr(os, "ttyname") and sys.stdin.isatty():
        environment["GPG_TTY"] = os.ttyname(sys.stdin.fileno())
    argv = (require(argv[0], PACKAGES[argv[0]]), *argv[1:])
    return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=said, env=environment)


def require_programs() -> None:
    """Raise UsageError where no archive can be read on this machine."""
    for name, package in PACKAGES.items():
        require(name, package)


@contextmanager
def decrypted(chunks: Iterable[bytes], digest: str = "") -> Iterator[Plain]:
    """The plain stream of an encrypted one, whose SHA-256 is the digest if there is one."""
    with tempfile.TemporaryFile() as said:
        plain = Plain(chunks, digest, said)
        try:
            yield plain
        finally:
            plain.close()


def vouched(plain: Plain, read: bytes = b"") -> Iterator[bytes]:
    """What was read already and the rest; but the end only when `check` has nothing against it.

    Without its end, nobody takes an archive for whole.
    """
    held = read
    while chunk := plain.read():
        if len(held) + len(chunk) > 2 * CHUNK or len(chunk) == CHUNK:
            yield held
            held = b""
        held += chunk
    plain.check()
    yield held


def altered() -> DeployError:
    """That the archive has another digest than the one that was written when it was made."""
    return DeployError(
        "the archive is not the one that was made: its SHA-256 differs",
        "It was damaged or altered. Take another one (--at), or one from another place (--from)",
    )


class Remembering:
    """A stream that remembers what was read from it."""

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self.seen = b""

    def read(self, size: int = -1) -> bytes:
        """As many bytes, or fewer at the end."""
        data = self.plain.read(size)
        self.seen += data
        return data
