"""The commits that a server lacks, as a pack that Git makes while it is sent: only a piece is ever here."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deployer.errors import DeployError
from deployer.server.repository import environment, git, revision, succeeds
from deployer.waiting import Waiting

PIECE = 1 << 17
UNSHALLOW = "Fetch the others there: git fetch --unshallow (in a workflow's checkout: fetch-depth: 0)"
SPARING = ("core.bigFileThreshold=16m", "pack.windowMemory=16m", "pack.threads=2")
"""Without these, Git has ten files of any size in memory at once, for each processor, to compare them."""
PACK = ("pack-objects", "--revs", "--stdout", "--quiet", "--thin", "--delta-base-offset")
SIZE = ("rev-list", "--objects", "--disk-usage", "--stdin")


@dataclass(frozen=True, slots=True)
class Commits:
    """A commit, and what of it and before it a server lacks.

    `wanted` are the lines that say so to Git; `borrowing` is a repository that has all objects of the user's.
    """

    name: str
    wanted: bytes
    repository: str
    borrowing: str

    def pieces(self, wait: Waiting) -> Iterator[bytes]:
        """The pack, counted; raises DeployError with Git's own words when it cannot be made."""
        sent, settings = 0, [word for setting in SPARING for word in ("-c", setting)]
        with (
            tempfile.TemporaryFile() as said,
            self._git(SIZE) as size,
            self._git((*settings, *PACK), said) as pack,
        ):
            assert pack.stdout, "it is a pipe"
            expected = 0
            while piece := pack.stdout.read(PIECE):
                yield piece
                sent += len(piece)
                expected = expected or _number(size)
                wait.count(sent, max(expected, sent) if expected else 0)
            if pack.wait():
                said.seek(0)
                raise self._failed(said.read().decode(errors="replace").strip())

    @contextmanager
    def _git(
        self, arguments: tuple[str, ...], said: IO[bytes] | int = subprocess.DEVNULL
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Git at work on what is wanted, and at an end with the block, however that ends."""
        with tempfile.TemporaryFile() as wanted:
            wanted.write(self.wanted)
            wanted.seek(0)
            argv = ["git", "-C", self.borrowing, *arguments]
            with subprocess.Popen(
                argv, env=environment(), stdin=wanted, stdout=subprocess.PIPE, stderr=said
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()

    def _failed(self, words: str) -> DeployError:
        if git(self.repository, "rev-parse", "--is-shallow-repository").strip() == b"true":
            return DeployError(f"{self.repository} is a shallow clone: too few commits to send", UNSHALLOW)
        return DeployError(f"{self.repository}: {words}")


def _number(size: subprocess.Popen[bytes]) -> int:
    """What Git has counted, once it has; older than 2.31, it does not count."""
    if size.poll() != 0 or not size.stdout:
        return 0
    return int(size.stdout.read() or 0)


@contextmanager
def lacking(path: str, reference: str, have: Iterable[str]) -> Iterator[Commits]:
    """The commits up to the revision (default HEAD) without those that the server has already.

    The user's repository is only read, and past its grafts: Git works in one that borrows its objects.
    """
    commit = revision(path, reference)
    there = [name for name in have if succeeds(path, "cat-file", "-e", f"{name}^{{commit}}")]
    objects = git(path, "rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip()
    with tempfile.TemporaryDirectory(prefix="deploy-") as borrowing:
        git(borrowing, "init", "--quiet", "--bare")
        (Path(borrowing) / "objects/info/alternates").write_text(objects + "\n")
        wanted = "".join(f"{line}\n" for line in (commit, *(f"^{name}" for name in there)))
        yield Commits(commit, wanted.encode(), path, borrowing)
