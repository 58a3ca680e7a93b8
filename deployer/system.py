"""What the system of this machine has: versions of packages, and, but for Windows, locks and a root."""

import os
import sys
from pathlib import Path
from typing import IO

from deployer.errors import UsageError


def is_root() -> bool:
    """Whether this process may do everything here."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def lock(file: IO[str], wait: bool) -> None:
    """Lock an open file until it is closed; raises BlockingIOError where another holds it."""
    try:
        import fcntl
    except ImportError:
        raise on_windows("what locks a folder") from None
    fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def on_windows(lacking: str) -> UsageError:
    """That Windows lacks what is needed."""
    return UsageError(
        f"this does not work on Windows, which lacks {lacking}", "Run it in WSL, on Linux or on a Mac"
    )


def version_of(package: str) -> str:
    """The version of an installed package of Python; raises PackageNotFoundError.

    The name of a folder tells it, where it is there once: what reads it from the file in there reads
    e-mails, and takes its time to load.
    """
    folder = package.replace("-", "_")
    found = {there.name for place in sys.path for there in Path(place).glob(f"{folder}-*.dist-info")}
    if len(found) == 1:
        return found.pop().removeprefix(f"{folder}-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version(package)
