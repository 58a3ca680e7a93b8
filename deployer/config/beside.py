"""What lies beside sites.yaml and must not get into Git: private keys, values, dumps."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from deployer.composefile.ignoring import Rules, above, ignored, of_git

DEEP = 3  # folders: the files of a service may lie in one of their own
MOST = 1000  # files that are looked at: a folder with more is no folder of configuration
HEAD = 4096  # bytes in which a private key says what it is
LARGEST = 1 << 16  # bytes of a file with a key
PRIVATE = re.compile(
    rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\r?$|\APuTTY-User-Key-File", re.M
)
VALUES = re.compile(r"\.env(\..+)?|.+\.env")
EXAMPLE = re.compile(r".+\.(example|sample|template|dist)")
DUMP = re.compile(r".+\.(sql|dump|sqlite3?|db)(\.(gz|bz2|xz|zst))?")

GITIGNORE = """\
# What must not get into Git. `deploy check` tells what else of the kind lies beside sites.yaml.
private*.asc
*.key
*-key
id_*
!id_*.pub
.env
.env.*
*.env
!.env.example
*.sql
*.sql.*
*.dump
*.sqlite
*.sqlite3
*.db
"""


@dataclass(frozen=True, slots=True)
class ExposedFile:
    """A file, by its path beside sites.yaml: what it is, whether Git takes it, whether others can read it."""

    path: str
    what: str
    for_git: bool
    readable: bool

    @property
    def warning(self) -> str:
        """What is wrong with it, and what mends that."""
        mode = "others on this machine can read it (chmod 600)" if self.readable else ""
        git = "git add would take it: name it in .gitignore, or keep it elsewhere" if self.for_git else ""
        name = "".join(letter if letter.isprintable() else "?" for letter in self.path)
        return f"{name} is {self.what}: {'; '.join(filter(None, (mode, git)))}"


def found_beside(config: Path) -> list[ExposedFile]:
    """The files beside sites.yaml, and in the folders there, with which something is wrong."""
    folder = config.absolute().parent
    files = islice(_files(folder, "", above(folder)), MOST)
    return [found for path, rules in files if (found := _judged(folder, path, rules))]


def _files(folder: Path, prefix: str, rules: Rules) -> Iterator[tuple[str, Rules]]:
    rules += of_git(folder / prefix, prefix)
    try:
        entries = sorted(os.scandir(folder / prefix), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_file(follow_symlinks=False):
            yield path, rules
        elif _is_ours(entry) and path.count("/") < DEEP and not ignored(path, True, rules):
            yield from _files(folder, f"{path}/", rules)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and entry.name[0] != "."  # as .git, .ssh and .venv begin


def _judged(folder: Path, path: str, rules: Rules) -> ExposedFile | None:
    what = _what(folder / path)
    for_git = bool(what) and not ignored(path, False, rules)
    readable = what == "a private key" and _others_can_read(folder / path)
    return ExposedFile(path, what, for_git, readable) if for_git or readable else None


def _what(path: Path) -> str:
    """What it is that must not be published, or nothing."""
    if VALUES.fullmatch(path.name) and not EXAMPLE.fullmatch(path.name):
        return "a file of values, which may be secret"
    if DUMP.fullmatch(path.name):
        return "a dump, or a database"
    try:
        if path.stat().st_size <= LARGEST:
            with path.open("rb") as file:
                return "a private key" if PRIVATE.search(file.read(HEAD)) else ""
    except OSError:
        return ""
    return ""


def _others_can_read(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)
