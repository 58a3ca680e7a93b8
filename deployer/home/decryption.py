"""The file of an archive, decrypted and decompressed while it is read."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deployer.errors import DeployError
from deployer.home.plain import CHUNK, Plain, altered, decrypted


@contextmanager
def opened(path: Path, digest: str = "") -> Iterator[Plain]:
    """The plain tar stream of an archive; raises DeployError unless it was whole, and had the digest."""
    try:
        with _plain(path, digest) as plain:
            yield plain
    except DeployError as error:
        if digest and _digest(path) != digest:
            raise altered() from error  # gpg may have ended before it had read the byte that differs
        raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _plain(path: Path, digest: str) -> Iterator[Plain]:
    with path.open("rb") as file, decrypted(iter(partial(file.read, CHUNK), b""), digest) as plain:
        try:
            yield plain
        except DeployError:
            _finish(plain)  # what gpg says of a damaged archive tells more than what tar says
            raise
        _finish(plain)


def _finish(plain: Plain) -> None:
    while plain.read():
        pass
    plain.check()
