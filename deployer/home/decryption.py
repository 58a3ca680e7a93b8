"""The file of an archive, decrypted and decompressed while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deployer.errors import DeployError
from deployer.home.plain import CHUNK, NoKey, Plain, decrypted

__all__ = ["NoKey", "opened"]


@contextmanager
def opened(path: Path) -> Iterator[Plain]:
    """The plain tar stream of an archive; raises DeployError at the end unless it was whole."""
    with path.open("rb") as file, decrypted(iter(partial(file.read, CHUNK), b"")) as plain:
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
