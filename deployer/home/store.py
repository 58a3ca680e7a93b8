"""The folder of archives at home: what lies there, what is on its way, and what was seen of it.

`NAME/FILE` and `NAME/FILE.sha256` are archives that proved to be whole; `NAME/rejected/` has those that did
not; `.deploy/` has the mark (`home`), what is on its way (`incoming/`), those of the server's
digests that are not here (`offered/`), and the records.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployer import system
from deployer.backups.archives import DIGEST, Archive, digest_of, parse, proof
from deployer.errors import DeployError

MARGIN = 64 << 20  # bytes that stay free
STATE = ".deploy"
MARK = "Backups of deploy live in this folder since"


class Busy(DeployError):
    """Another pull holds the lock."""


@dataclass(frozen=True, slots=True)
class Store:
    """The archives below a folder of this machine."""

    directory: Path

    @property
    def state(self) -> Path:
        """The folder of what is no archive."""
        return self.directory / STATE

    def require(self) -> None:
        """Raise DeployError where backups do not live here, as when a disk is not mounted."""
        self.require_folder()
        if not self.is_home:
            raise DeployError(
                f"{self.directory} has no mark that backups live there",
                "Is its disk mounted? Nothing is begun here, so that nothing lands on the wrong disk.\n"
                "If this is the place, from now on: deploy backup --init",
            )

    def require_folder(self) -> None:
        """Raise DeployError where there is no folder at all."""
        if not self.directory.is_dir():
            raise DeployError(
                f"there is no folder {self.directory}",
                "Is the disk mounted? Nothing is made up here, so that nothing lands on the wrong disk.\n"
                f"If it shall be there: mkdir -p {self.directory}; deploy backup --init",
            )

    @property
    def mark(self) -> Path:
        """The file that says that backups live in this folder; a disk that is not mounted has none."""
        return self.state / "home"

    @property
    def is_home(self) -> bool:
        """Whether backups live here: it is marked, or has archives from a time before there were marks."""
        return self.mark.is_file() or any(self._files())

    def settle(self) -> None:
        """Mark the folder as the one where backups live."""
        if self.mark.is_file():
            return
        try:
            self.state.mkdir(exist_ok=True)
            self.mark.write_text(f"{MARK} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
        except OSError as error:
            raise DeployError(f"{self.mark} cannot be written: {error.strerror}") from error

    def since(self) -> datetime | None:
        """Since when backups live here, as the mark says."""
        try:
            written = self.mark.read_text(errors="replace").split()[-1]
            return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (OSError, ValueError, IndexError):
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder; raises DeployError where another pull holds it."""
        try:
            self.state.mkdir(exist_ok=True)
            lock = open(self.state / "lock", "a+")  # noqa: SIM115 (it is closed below)
        except OSError as error:
            raise DeployError(f"{self.state} cannot be written: {error.strerror}") from error
        with lock:
            try:
                system.lock(lock, wait=False)
            except OSError as error:
                lock.seek(0)
                holder = lock.read().strip() or "somebody"
                raise Busy(f"another pull is running: {holder}", "Wait until it is done") from error
            lock.truncate(0)
            lock.write(f"process {os.getpid()}, since {datetime.now():%Y-%m-%d %H:%M:%S}\n")
            lock.flush()
            yield

    def held(self) -> list[Archive]:
        """Every archive that is here and whole."""
        return [archive for archive, proved in self._files() if proved]

    def unproved(self) -> list[Archive]:
        """Every archive without a digest beside it, as those of before there were digests."""
        return [archive for archive, proved in self._files() if not proved]

    def _files(self) -> Iterator[tuple[Archive, bool]]:
        for folder in self._folders():
            files = {entry.name: entry for entry in os.scandir(folder.path)}
            for file, entry in files.items():
                if archive := parse(f"{folder.name}/{file}", place="home"):
                    size = entry.stat().st_size
                    yield Archive(archive.name, archive.time, size, "home"), file + DIGEST in files

    def path(self, archive: Archive) -> Path:
        """Where the archive lies, or would."""
        return self.directory / archive.path

    @property
    def incoming(self) -> Path:
        """The folder of what is on its way."""
        return self.directory / f"{STATE}/incoming"

    @property
    def offered(self) -> Path:
        """The folder of the digests that the server has, and that are not here."""
        return self.directory / f"{STATE}/offered"

    def part(self, archive: Archive) -> Path:
        """Where the archive lies while it comes."""
        return self.directory / f"{STATE}/incoming/{archive.path}"

    def digest(self, archive: Archive) -> str | None:
        """The digest that the archive had when it came."""
        return read_digest(digest_path(self.path(archive)), archive.file)

    def disk(self) -> tuple[Path, int]:
        """Where the file system of the folder is mounted, and how many bytes are free there."""
        place = self.directory.resolve()
        while not place.is_mount():
            place = place.parent
        return place, shutil.disk_usage(self.directory).free

    def proof(self, archive: Archive) -> str | None:
        """The digest that vouches for it, None where none is there; raises DeployError for one of another."""
        try:
            return proof(digest_path(self.path(archive)).read_text("ascii", "replace"), archive)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DeployError(f"{archive.file}{DIGEST} cannot be read: {error.strerror}") from error

    def room(self) -> int:
        """Bytes that an archive may have."""
        return max(0, shutil.disk_usage(self.directory).free - MARGIN)

    def remove(self, archive: Archive) -> None:
        """Delete an archive, and then its digest."""
        self.path(archive).unlink(missing_ok=True)
        digest_path(self.path(archive)).unlink(missing_ok=True)

    def _folders(self) -> list[os.DirEntry[str]]:
        try:
            return [entry for entry in os.scandir(self.directory) if entry.is_dir() and entry.name[0] != "."]
        except OSError as error:
            raise DeployError(f"{self.directory} cannot be read: {error.strerror}") from error


def digest_path(path: Path) -> Path:
    """Where the digest of a file lies."""
    return path.with_name(path.name + DIGEST)


def read_digest(path: Path, file: str) -> str | None:
    """The digest of a file as a `.sha256` has it, or None."""
    try:
        return digest_of(path.read_text("ascii"), file)
    except (OSError, UnicodeError):
        return None


def sha256(path: Path) -> str:
    """The digest of what a file has."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
