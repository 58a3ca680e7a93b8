"""The files beside a compose file that the server gets, and what of them is missing."""

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from deployer.composefile import ignoring
from deployer.composefile.compose_file import Definition
from deployer.composefile.folders import Walk, attached
from deployer.composefile.listed import FOUND_BY_COMPOSE, OURS
from deployer.composefile.surroundings import How, Need, needs
from deployer.errors import Problem
from deployer.values.attachments import LocalFile
from deployer.values.quantities import shown

LIKE_A_FILE = re.compile(r"(?!.*\.d$).*[^/.]\.[A-Za-z][A-Za-z0-9]{0,5}")


@dataclass(slots=True)
class Delivery:
    """What goes along with a compose file; `env`: there is a .env, `sites` is the folder of sites.yaml.

    What is `made` is written on the server alone.
    """

    file: Definition
    listed: Collection[LocalFile]
    env: bool
    sites: Path
    made: frozenset[str] = frozenset()
    files: dict[str, LocalFile] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def base(self) -> Path:
        """The folder of the compose file."""
        return self.file.file.folder

    def find(self) -> "Delivery":
        """Look at everything that the file needs."""
        every = [*needs(self.file)]
        for need in every:
            try:
                self.take(need)
            except ValueError as error:
                self.complain(need, str(error))
            except OSError as error:
                self.complain(need, f"{shown(need.text)} cannot be looked at: {error.strerror}")
        for file in self.listed:
            self.files[file.written] = file
        for need in every:
            if need.how is How.ENVIRONMENT and need.path in self.files:
                self.files[need.path] = replace(self.files[need.path], private=True)
        for path in self.made & {*self.files}:
            del self.files[path]
        self.secret |= {path for path, file in self.files.items() if file.private}
        return self

    def complain(self, need: Need, message: str) -> None:
        self.problems.append(self.file.at(need.node, f"{need.where}: {message}"))

    def take(self, need: Need) -> None:
        """Take what one part needs; raises ValueError with what is wrong."""
        if need.path.split("/")[0] == "..":
            raise ValueError(
                f"{shown(need.text)} leads out of the compose file's folder: the server has no more of it"
            )
        if need.path == ".env" and not self.env:
            raise ValueError(".env would not be on the server: nothing stands under secrets or environment")
        if need.path in OURS or need.path in self.made:
            return
        if need.how is How.SECRET:
            self.secret.add(need.path)
        place = self.base / need.path
        if need.how is How.BUILD:
            self.build(need)
        elif place.is_dir():
            self.mount(need)
        elif place.is_file():
            if need.path not in self.delivered():
                file = attached(need.path, self.base)
                if need.writable and self.is_data(file):
                    raise ValueError(
                        f"{shown(need.text)} seems to be data that the container writes: mount its folder, "
                        "or list it under files, if each apply shall bring it back to what it is here"
                    )
                self.keep(file)
        elif need.required and need.path not in self.delivered() and is_like_a_file(need):
            raise ValueError(f"{shown(need.text)} is not beside the compose file: {consequence(need)}")

    def is_data(self, file: LocalFile) -> bool:
        """Whether a file is a database or the like, or one that git ignores."""
        rules = ignoring.around(self.base, file.written)
        return b"\0" in file.content or ignoring.ignored(file.written, False, rules)

    def delivered(self) -> set[str]:
        """The paths that are listed."""
        return {file.written for file in self.listed}

    def below(self, path: str) -> bool:
        """Whether something in this folder is listed."""
        return (
            bool(self.listed)
            if path == "."
            else any(each.startswith(f"{path}/") for each in self.delivered())
        )

    def keep(self, *files: LocalFile) -> None:
        for file in files:
            if file.written not in OURS and not FOUND_BY_COMPOSE.fullmatch(file.written):
                self.files[file.written] = file

    def mount(self, need: Need) -> None:
        """A folder: one that can only be read goes along, in another there is data of somebody."""
        if not need.writable:
            if self.may_be_taken(need):
                self.keep(*Walk(self.base).files(need.path))
        elif self.below(need.path):
            return
        elif count := sum(1 for _ in within(self.base / need.path)):
            where = need.where.removesuffix(".volumes")
            many = (
                "a file that is there does"
                if count == 1
                else f"{count if count < 100 else 'many'} files that are there do"
            )
            self.remarks.append(
                f"{where} may write to {need.text.partition(':')[0]}, and {many} not go "
                f"to the server: list it under files to send it, or mount it read-only (:ro)"
            )

    def build(self, need: Need) -> None:
        """All that an image is built of, as Docker itself would take it, and without what git ignores."""
        if not (self.base / need.path).is_dir():
            raise ValueError(f"the folder {shown(need.text)} to build from is not beside the compose file")
        if self.may_be_taken(need):
            walk = Walk(self.base, ignoring.of_docker(self.base / need.path, need.other), need.path)
            self.keep(*walk.files(need.path))
            if walk.left_out:
                left_out = ", ".join(walk.left_out[:3]) + (", …" if len(walk.left_out) > 3 else "")
                self.remarks.append(f"{need.where}: git ignores {left_out}, so it does not go to the server")
        self.look_for_dockerfile(need)

    def look_for_dockerfile(self, need: Need) -> None:
        """Without one, nothing is built."""
        path = posixpath.normpath(f"{need.path}/{need.other}")
        if not need.other or need.other.startswith("/") or path in {*self.files, *self.delivered()}:
            return
        if path.startswith("../") or not (self.base / path).is_file():
            raise ValueError(f"there is no {shown(path)} beside the compose file to build from")
        self.keep(attached(path, self.base))

    def may_be_taken(self, need: Need) -> bool:
        """Whether all of a folder goes along: of one with sites.yaml in it, and keys, what is listed does."""
        if not self.sites.is_relative_to((self.base / need.path).resolve()):
            return True
        if not self.below(need.path):
            raise ValueError(
                "sites.yaml is in that folder, with everything that belongs to it: list under files what the "
                "server shall have, or give the compose file a folder of its own"
            )
        return False


def within(folder: Path) -> Iterator[Path]:
    """The first hundred files below a folder."""
    return (path for _, path in zip(range(100), folder.rglob("*"), strict=False) if path.is_file())


def is_like_a_file(need: Need) -> bool:
    """Whether a path that is not here means a file; what is mounted by its name and its target's."""
    return need.how is not How.MOUNT or all(
        LIKE_A_FILE.fullmatch(path.rpartition("/")[2]) for path in (need.path, need.other)
    )


def consequence(need: Need) -> str:
    """What would come of a file that is not there."""
    if need.how is How.MOUNT:
        return "Docker would mount an empty folder (what is only on the server has its whole path)"
    return "the server would not have it"
