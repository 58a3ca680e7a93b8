"""What a watch remembers from one round to the next: a file that one round at a time has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deployer import system
from deployer.errors import DeployError
from deployer.watching.memory import Memory, read, written


def state_folder() -> Path:
    """Where the watch of this user remembers."""
    if chosen := os.environ.get("XDG_STATE_HOME"):
        return Path(chosen) / "deploy"
    return Path("/var/lib/deploy-watch") if system.is_root() else Path.home() / ".local/state/deploy"


@contextmanager
def locked(host: str) -> Iterator[Path | None]:
    """The file of what is remembered of this server, while nobody else has it; None where somebody has."""
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / f"watch-{host}.lock", "a")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise DeployError(f"{error.filename} cannot be written: {error.strerror}") from error
    with lock:
        try:
            system.lock(lock, wait=False)
        except OSError:
            yield None
            return
        yield folder / f"watch-{host}.json"


def remembered(place: Path) -> tuple[Memory, tuple[str, ...]]:
    """What is remembered, nothing where that cannot be read: then all begins anew."""
    try:
        return read(place.read_text(errors="replace")), ()
    except FileNotFoundError:
        return Memory(), ()
    except (OSError, ValueError):
        with suppress(OSError):
            place.replace(place.with_suffix(".broken"))
        return Memory(), (f"{place} could not be read: what is not well is told anew",)


def keep(place: Path, memory: Memory) -> tuple[str, ...]:
    """Remember it, whole or not at all; what went wrong."""
    new = place.with_suffix(".new")
    try:
        with new.open("w") as file:
            file.write(written(memory))
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
    except OSError as error:
        return (f"{place} cannot be written: {error.strerror}",)
    return ()
