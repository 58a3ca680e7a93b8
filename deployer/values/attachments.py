"""Files beside sites.yaml that go to the server as they are."""

import stat
from dataclasses import dataclass
from pathlib import Path

from deployer.values.quantities import shown
from deployer.values.repository import located

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine as it was when sites.yaml was loaded; `written` is its path there."""

    written: str
    path: str
    content: bytes
    executable: bool = False
    private: bool = False
    owner: tuple[int, int, str] | None = None
    """Whose it shall be there, with its rights; None: root's, with those that `mode` makes of it."""

    @property
    def mode(self) -> int:
        """The rights that it gets: what only its owner reads here, only root reads there."""
        return (0o755 if self.executable else 0o644) & (0o700 if self.private else 0o777)

    @property
    def folder(self) -> Path:
        """The folder that it is in."""
        return Path(self.path).parent


def read(text: str, folder: Path) -> LocalFile:
    """The file of this path; raises ValueError."""
    path = located(text, folder)
    try:
        rights = path.stat().st_mode
        if stat.S_ISFIFO(rights) or stat.S_ISDIR(rights):  # reading would wait for ever, or is not possible
            raise ValueError("it is no file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST:
        raise ValueError(f"{shown(text)} is larger than {LARGEST // 1_000_000} MB")
    return LocalFile(text, str(path), content, bool(rights & 0o100), not rights & 0o044)
