"""Put an archive back: what the server would do, and one call that streams it there."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deployer.archives import Archive
from deployer.errors import DeployError
from deployer.server.connection import Server
from deployer.server.streaming import stream
from deployer.tasks.push import SCRIPTS, Pushed

RESTORE = f"{SCRIPTS}/restore"


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
    lines = answer.output.decode(errors="replace").splitlines()
    if answer.status in (Pushed.NOT_APPLIED, Pushed.NO_SCRIPT):
        name = wanted.name or archive.name
        raise DeployError(f"{name} is not on {server.host} yet", f"Run: deploy apply {name}")
    if answer.status:
        raise DeployError((lines or answer.errors.splitlines() or ["it said nothing"])[-1].removeprefix("✗ "))
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
    return stream(server, wanted.call(archive, "--by", who), line, chunks) == 0


def unpack(directory: Path, chunks: Iterable[bytes]) -> None:
    """Unpack the plain archive into a folder of this machine, which is not there before or empty."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DeployError(f"{directory} is there already, and not empty", "Name a folder that does not exist")
    part = directory.with_name(directory.name + ".part")
    try:
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise DeployError(
            f"{part} cannot be made: {error.strerror}", "Remove it, or name another folder"
        ) from error
    try:
        _extract(part, chunks)
        if directory.exists():
            directory.rmdir()
        part.rename(directory)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _extract(folder: Path, chunks: Iterable[bytes]) -> None:
    tar = ["tar", "--extract", "--preserve-permissions", f"--directory={folder}"]
    if os.geteuid() == 0:  # only root can give files away, and set what the system has as attributes
        tar += ["--numeric-owner", "--acls", "--xattrs", "--xattrs-include=*"]
    with tempfile.TemporaryFile() as said:
        # BrokenPipeError: its own words tell why it read no further
        with suppress(BrokenPipeError), subprocess.Popen(tar, stdin=subprocess.PIPE, stderr=said) as process:
            assert process.stdin, "it was asked for"
            for chunk in chunks:
                process.stdin.write(chunk)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").splitlines() or ["it said nothing"]
            raise DeployError(f"tar could not unpack it: {words[0]}")
