"""Files beside sites.yaml that go to the server as they are."""

from dataclasses import dataclass
from pathlib import Path

from deployer.config.quantities import shown
from deployer.config.repository import located

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine as it was when sites.yaml was loaded; `written` is its path there."""

    written: str
    path: str
    content: bytes
    executable: bool = False

    @property
    def folder(self) -> Path:
        """The folder that it is in."""
        return Path(self.path).parent


def read(text: str, folder: Path) -> LocalFile:
    """The file of this path; raises ValueError."""
    path = located(text, folder)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
            executable = bool(path.stat().st_mode & 0o100)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST:
        raise ValueError(f"{shown(str(path))} is larger than {LARGEST // 1_000_000} MB")
    return LocalFile(text, str(path), content, executable)
