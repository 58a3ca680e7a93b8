"""What nobody has thought of, in the place of `deploy status`."""

import threading
from pathlib import Path
from typing import Any

from deployer.cli import deploy


def a_key(*_: Any, **options: Any) -> None:
    {}["a secret value"]


def recursion(*_: Any, **options: Any) -> None:
    raise RecursionError


def a_file(*_: Any, **options: Any) -> None:
    Path("/nowhere/at/all").read_bytes()


def a_thread(*_: Any, **options: Any) -> None:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()


def broken(how: str) -> None:
    """From now on that is what the command does."""
    command = deploy.get_command(None, "status")  # type: ignore[arg-type]
    assert command
    command.callback = globals()[how]
