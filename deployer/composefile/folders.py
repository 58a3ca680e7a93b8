"""The files below a folder of this machine, for the server."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deployer.composefile import ignoring
from deployer.composefile.ignoring import NEVER, Rules, ignored, ignored_by_docker
from deployer.values import attachments, names
from deployer.values.attachments import LocalFile

MOST_FILES = 1000
MOST_BYTES = 20_000_000


@dataclass(slots=True)
class Walk:
    """One walk below a folder: paths begin at `base`, the folder of the compose file; `only` what matches."""

    base: Path
    docker: Rules = ()
    context: str = ""
    only: re.Pattern[str] = re.compile(".*", re.DOTALL)
    left_out: list[str] = field(default_factory=list)

    def files(self, top: str) -> tuple[LocalFile, ...]:
        """All files below a folder but those that are ignored; raises ValueError."""
        found: list[LocalFile] = []
        size = 0
        for path in self.paths(top, ignoring.around(self.base, top)):
            if not self.only.fullmatch(path):
                continue
            found.append(attached(path, self.base))
            size += len(found[-1].content)
            if len(found) > MOST_FILES or size > MOST_BYTES:
                most = f"more than {MOST_FILES} files, or {MOST_BYTES // 1_000_000} MB"
                raise ValueError(f"{top} has {most}: leave out in .dockerignore what is not needed")
        return tuple(found)

    def paths(self, top: str, rules: Rules) -> Iterator[str]:
        """The paths below a folder, in order."""
        folder = self.base / top
        prefix = "" if top == "." else f"{top}/"
        rules = (*rules, *ignoring.of_git(folder, prefix))
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise ValueError(f"{folder} cannot be read: {error.strerror}") from error
        for entry in entries:
            path = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name in NEVER or self.is_left_out(path, is_folder, rules):
                continue
            if is_folder:
                yield from self.paths(path, rules)
            else:
                yield path

    def is_left_out(self, path: str, folder: bool, rules: Rules) -> bool:
        """Whether an ignore file leaves it out; what Docker itself would take is remembered."""
        inside = path.removeprefix(f"{self.context}/") if self.context not in ("", ".") else path
        if ignored_by_docker(inside, self.docker):
            return not folder or not any(rule.back for rule in self.docker)
        if ignored(path, folder, rules):
            self.left_out.append(path)
            return True
        return False


def attached(path: str, base: Path) -> LocalFile:
    """One file; raises ValueError for what is none, or leads out of the folder."""
    place = base / path
    try:
        names.relative_path(path)
    except ValueError as error:
        raise ValueError(f"{path} has a name that no file on the server gets: rename it") from error
    if not place.resolve().is_relative_to(base.resolve()):
        raise ValueError(f"{path} is a link that leads out of {base}: list it under files, if it is meant")
    if not stat.S_ISREG(place.stat().st_mode if place.exists() else place.lstat().st_mode):
        raise ValueError(f"{path} is no file: only files are sent")
    return attachments.read(path, base)
