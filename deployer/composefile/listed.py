"""What an entry of `files:` means, beside a compose file."""

import re
from pathlib import Path

from deployer.composefile.file_names import SEVERAL
from deployer.composefile.folders import Walk
from deployer.composefile.ignoring import compiled
from deployer.values import attachments, names
from deployer.values.attachments import LocalFile
from deployer.values.quantities import shown

OURS = frozenset({"docker-compose.yml", ".env"})
FOUND_BY_COMPOSE = re.compile(r"(docker-)?compose(\.override)?\.ya?ml")
"""Files that Docker Compose reads without being told, so that a call by hand would do what nobody checked."""


def listed(text: str, folder: Path | None) -> tuple[LocalFile, ...]:
    """What an entry of `files:` means: a file, all files of a folder, or those that a pattern matches."""
    pattern = bool(re.search(r"[*?\[]", text))
    try:
        path = names.relative_path(re.sub(r"[*?\[\]!]", "x", text) if pattern else text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a plain path below the compose file's folder") from error
    check(path)
    if folder is None:
        return (LocalFile(path, path, b""),)
    try:
        if pattern:
            return matching(text.removeprefix("./").rstrip("/"), folder)
        return Walk(folder).files(path) if (folder / path).is_dir() else (attachments.read(path, folder),)
    except OSError as error:
        raise ValueError(f"{shown(text)} cannot be read: {error.strerror}") from error


def check(path: str) -> None:
    """Whether a path may be another file's; raises ValueError."""
    if path in OURS or SEVERAL.fullmatch(path):
        raise ValueError(f"{path} is written by deploy itself")
    if FOUND_BY_COMPOSE.fullmatch(path):
        raise ValueError(f"Docker Compose would read {path} too: write what it says into the compose file")


def matching(pattern: str, folder: Path) -> tuple[LocalFile, ...]:
    """The files that a pattern matches, folders with all that is in them."""
    top = re.split(r"[^/]*[*?\[]", pattern, maxsplit=1)[0].rstrip("/") or "."
    only = compiled(pattern, f"(?!(?:{'|'.join(map(re.escape, OURS))})$)", "(/.*)?")
    found = Walk(folder, only=only).files(top) if (folder / top).is_dir() else ()
    if not found:
        raise ValueError(f"{shown(pattern)} matches no file in {folder}")
    return tuple(file for file in found if not FOUND_BY_COMPOSE.fullmatch(file.written))
