"""Put an archive back: what the server would do, and one call that streams it there."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deployer.backups.archives import Archive
from deployer.errors import DeployError
from deployer.server.connection import Server
from deployer.server.streaming import stream
from deployer.tasks.push import PROGRAMS, outcome_of
from deployer.waiting import waiting

RESTORE = f"{PROGRAMS}/restore"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants restored: of the archive of a date all or one path, and as what.

    `archive_load`: its dump is loaded by its own command and not by that of sites.yaml. `name` is what it
    becomes, where that is not the name of the archive.
    """

    at: str = ""
    archive_load: bool = False
    only: str = ""
    name: str = ""

    def call(self, archive: Archive, *options: str) -> str:
        """The call of the server's script."""
        load = ["--take-load"] if self.archive_load else []
        only = ["--only", self.only] if self.only else []
        of = ["--of", archive.name] if self.name else []
        size = ["--size", str(archive.bytes)]
        return shlex.join([RESTORE, self.name or archive.name, *options, *size, *load, *only, *of])


def restore_plan(server: Server, archive: Archive, begin: bytes, wanted: Wanted) -> list[str]:
    """What the server would do with an archive that begins so; raises DeployError with its words."""
    answer = server.ask(wanted.call(archive, "--plan"), begin)
    lines = answer.output.decode(errors="replace").rstrip("\n").split("\n")
    if outcome_of(server, answer.status).needs_apply:
        name = wanted.name or archive.name
        raise DeployError(f"{name} is not on {server.host} yet", f"Run: deploy apply {name}")
    if answer.status:
        raise DeployError(
            (lines[-1] or answer.errors.rstrip("\n").rpartition("\n")[2] or "it said nothing").removeprefix(
                "✗ "
            )
        )
    return lines


def restore(
    server: Server,
    archive: Archive,
    who: str,
    wanted: Wanted,
    chunks: Iterable[bytes],
    line: Callable[[str], None],
) -> bool:
    """Stream the plain archive to the server, which puts it in place or leaves everything as it was."""
    with waiting(f"{server.host} is at work"):
        return stream(server, wanted.call(archive, "--by", who), line, chunks) == 0
