"""A folder of this machine that was built here: what of it is published, and what of that a server lacks."""

import hashlib
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from deployer.errors import DeployError
from deployer.waiting import Waiting

PIECE = 1 << 18
QUICK = 1
"""A level of zlib that keeps up with a network."""
SECRET = (
    *(".env", ".env.*", ".git", ".hg", ".svn", ".ssh", ".gnupg", ".aws", ".netrc", ".npmrc", ".pypirc"),
    *(".htpasswd", ".git-credentials", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
    *("*.p12", "*.pfx", "*.jks", "*.kdbx", "*.ppk"),
)
"""Names of what nobody means to publish, as patterns."""
HARMLESS = (".env.example", ".env.sample", ".env.template")
KEYS = ("*.pem", "*.key")
"""Names of what may be a certificate, or the private key to one."""
ADVICE = "Take it out of what is built, or name the folder that has nothing but the site."


@dataclass(frozen=True, slots=True)
class Built:
    """A file that is published: where it is here, its size, and the SHA-256 of what it has."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder has, by the paths below it; `name` is what the server calls it."""

    name: str
    files: dict[str, Built]

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(built.size for built in self.files.values())

    def list_text(self) -> bytes:
        """Its files in the format of sha256sum."""
        return b"".join(
            f"{built.digest}  {path}\n".encode() for path, built in sorted(self.files.items(), key=_bytes_of)
        )

    def lacking(self, there: frozenset[str]) -> list[str]:
        """The paths of what a server lacks that has contents with these digests; of two alike, the first."""
        first: dict[str, str] = {}
        for path, built in sorted(self.files.items(), key=_bytes_of):
            if built.digest not in there:
                first.setdefault(built.digest, path)
        return list(first.values())

    def pieces(self, there: frozenset[str], wait: Waiting) -> Iterator[bytes]:
        """A compressed tar of what is lacking, counted; raises DeployError for what changes meanwhile."""
        squeeze = zlib.compressobj(QUICK, wbits=31)
        paths = self.lacking(there)
        expected, done = sum(self.files[path].size for path in paths), 0
        for path in paths:
            for piece in _member(path, self.files[path]):
                yield squeeze.compress(piece)
            done += self.files[path].size
            wait.count(done, expected)
        yield squeeze.compress(bytes(2 * tarfile.BLOCKSIZE)) + squeeze.flush()


@dataclass(frozen=True, slots=True)
class Sending:
    """A folder on its way to a server that has the contents with these digests."""

    built: Folder
    there: frozenset[str]

    @property
    def options(self) -> list[str]:
        """What the server's push is called with, before it gets `pieces`."""
        return ["--from", self.built.name, "--list", str(len(self.built.list_text()))]

    @property
    def summary(self) -> str:
        """How much there is, and how much of it is sent."""
        lacking = self.built.lacking(self.there)
        sent = sum(self.built.files[path].size for path in lacking)
        whole = f"{len(self.built.files):,} files, {megabytes(self.built.size)}"
        return f"  {self.built.name}: {whole}; sent are {len(lacking):,}, {megabytes(sent)}"

    def pieces(self, wait: Waiting) -> Iterator[bytes]:
        """The list of all files, and what is lacking of them."""
        yield self.built.list_text()
        yield from self.built.pieces(self.there, wait)


def megabytes(size: int) -> str:
    """A size in the server's words."""
    return f"{-(-size // 1000)} KB" if size < 1_000_000 else f"{(size + 500_000) // 1_000_000} MB"


def _bytes_of(item: tuple[str, Built]) -> bytes:
    return item[0].encode()


def _member(path: str, built: Built) -> Iterator[bytes]:
    member = tarfile.TarInfo(path)
    member.size = built.size
    yield member.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
    read = hashlib.sha256()
    for piece in _read(built.path):
        read.update(piece)
        yield piece
    if read.hexdigest() != built.digest:
        raise DeployError(
            f"{built.path} has changed while it was sent", "Is a build at work? Push again then."
        )
    yield bytes(-built.size % tarfile.BLOCKSIZE)


def _read(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece


def read_folder(path: str) -> Folder:
    """All of a folder; raises DeployError for what may not be published of it."""
    top = Path(path)
    if not top.is_dir():
        raise DeployError(f"there is no folder {path}", "Build the site first; --from names what that made.")
    try:
        files = dict(_walk(top, "", (os.path.realpath(top),)))
    except OSError as error:
        raise DeployError(f"{error.filename} cannot be read: {error.strerror}") from error
    if not files:
        raise DeployError(f"{path} has no file in it", "Build the site first.")
    plain = Path(os.path.realpath(top)).name.encode("ascii", "ignore").decode()
    return Folder(re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:100] or "folder", files)


def _walk(top: Path, below: str, inside: tuple[str, ...]) -> Iterator[tuple[str, Built]]:
    """What is there, with links followed; `inside` are the real folders that this one is in."""
    for entry in sorted(os.scandir(top / below), key=lambda each: each.name):
        path = f"{below}{entry.name}"
        _require_plain(top, path, entry)
        if not entry.is_dir():
            yield path, _built(top, path)
            continue
        real = os.path.realpath(entry.path)
        if real in inside:
            raise _refused(top, f"{path}, a link to a folder that it is in")
        yield from _walk(top, f"{path}/", (*inside, real))


def _require_plain(top: Path, path: str, entry: os.DirEntry[str]) -> None:
    """Raise DeployError for what is no file or folder of the site."""
    name = entry.name.lower()
    if re.search(r"[\x00-\x1f\x7f\\\udc80-\udcff]", entry.name):
        raise _refused(top, f"{path!r}, a name that no address has")
    if name not in HARMLESS and any(fnmatchcase(name, pattern) for pattern in SECRET):
        raise _refused(top, f"{path}, which is secret or no part of a site")
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        if not Path(real).is_relative_to(os.path.realpath(top)):
            raise _refused(top, f"{path}, a link that leads out of it")
        if not os.path.exists(real):
            raise _refused(top, f"{path}, a link that leads nowhere")
    if not (entry.is_dir() or stat.S_ISREG(entry.stat().st_mode)):
        raise _refused(top, f"{path}, which is no file")


def _built(top: Path, path: str) -> Built:
    place = str(top / path)
    read, size, secret = hashlib.sha256(), 0, False
    may_be_key = any(fnmatchcase(path.lower(), pattern) for pattern in KEYS)
    for piece in _read(place):
        read.update(piece)
        size += len(piece)
        secret = secret or (may_be_key and b"PRIVATE KEY" in piece)
    if secret:
        raise _refused(top, f"{path}, a private key")
    return Built(place, size, read.hexdigest())


def _refused(top: Path, what: str) -> DeployError:
    return DeployError(f"{top} has {what}: nothing of it is sent", ADVICE)
