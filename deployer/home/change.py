"""What is to be done to the timers of this machine, and what does it."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from deployer.errors import DeployError


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: a text for each file (None: no file), or a whole crontab."""

    files: dict[Path, str | None] = field(default_factory=dict)
    crontab: str | None = None
    timers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files or self.crontab is not None or self.timers)


def content(path: Path) -> str | None:
    """The text of a file, None where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def run(*argv: str, given: str = "") -> None:
    """Run a program; raises DeployError with what it said."""
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise DeployError(f"{' '.join(argv[:3])}: {said[-1]}")
