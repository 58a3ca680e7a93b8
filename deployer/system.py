"""What the system of this machine has: locks that end with their holder, and a root. Windows has neither."""

import os
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
