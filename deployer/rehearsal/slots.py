"""The slots in which machines live on this one: small state under /run, its disk under /var/lib."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deployer import system

RUN = Path("/run/vps-deployer")
DISKS = Path("/var/lib/vps-deployer")


@dataclass(frozen=True, slots=True)
class Slot:
    """The folders of the machine `name`."""

    name: str

    @property
    def run(self) -> Path:
        """Lock, state, keys, logs: gone after a reboot."""
        return RUN / self.name

    @property
    def disk(self) -> Path:
        """What the machine writes."""
        return DISKS / self.name

    @property
    def root(self) -> Path:
        """The mounted file system of the machine."""
        return self.disk / "root"

    def lock(self) -> IO[str] | None:
        """The machine's lock, held until it is closed or its process dies; None when another holds it."""
        lock = open(self.run / "lock", "w")  # noqa: SIM115
        try:
            system.lock(lock, wait=False)
        except BlockingIOError:
            lock.close()
            return None
        return lock

    def save(self, **state: Any) -> None:
        """Add to the machine's state."""
        unfinished = self.run / "state.new"
        unfinished.write_text(json.dumps({**self.state(), **state}, indent=2))
        unfinished.rename(self.run / "state.json")

    def state(self) -> dict[str, Any]:
        """What `save` has saved."""
        with contextlib.suppress(FileNotFoundError):
            state: dict[str, Any] = json.loads((self.run / "state.json").read_text())
            return state
        return {}


def slots() -> list[Slot]:
    """Every machine that has left a trace here."""
    folders = [folder.name for parent in (RUN, DISKS) if parent.is_dir() for folder in parent.iterdir()]
    return [Slot(name) for name in sorted(set(folders)) if re.fullmatch(r"vps-\d+", name)]


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock under which machines are claimed and removed."""
    RUN.mkdir(parents=True, exist_ok=True)
    DISKS.mkdir(parents=True, exist_ok=True)
    with open(RUN / "lock", "w") as lock:
        system.lock(lock, wait=True)
        yield
