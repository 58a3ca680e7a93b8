"""The processes of one machine: each bears the machine's name in its environment."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from deployer.errors import DeployError
from deployer.rehearsal.commands import PATIENCE, environment

MARK = "VPS_DEPLOYER_MACHINE"


def start(machine: str, *argv: str, log: IO[bytes], **variables: str) -> subprocess.Popen[bytes]:
    """Start a process of this machine, in a session of its own, so that Ctrl-C does not reach it."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=marked_environment(machine) | variables,
    )


def marked_environment(machine: str) -> dict[str, str]:
    """The environment of a process that belongs to the machine."""
    return {**environment(), MARK: machine}


def of(machine: str) -> list[int]:
    """The processes that belong to the machine on this side; those inside it are their children."""
    mark = f"{MARK}={machine}".encode()
    return [pid for pid in _all() if pid != os.getpid() and mark in _read(pid, "environ").split(b"\0")]


def leader(machine: str) -> int:
    """The number that process 1 of the machine, its systemd, has on this side."""
    for child in (child for pid in of(machine) for child in _children(pid)):
        if re.search(rb"^NSpid:\t\d+\t1$", _read(child, "status"), re.MULTILINE):
            return child
    raise DeployError(f"{machine} does not run.")


def end(machine: str) -> None:
    """Pull the plug: kill the machine's processes, and wait until they are gone.

    Those inside go first, so that systemd-nspawn, which is their parent, can still tidy up after them.
    """
    parents = {pid: children for pid in of(machine) if (children := _children(pid))}
    _kill(child for children in parents.values() for child in children)
    wait(lambda: not parents.keys() & set(of(machine)), PATIENCE / 6)
    _kill(of(machine))
    if not wait(lambda: not of(machine), PATIENCE):
        raise DeployError(f"Processes of {machine} do not end: {', '.join(map(str, of(machine)))}.")


def _kill(processes: Iterable[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def _children(pid: int) -> list[int]:
    return [int(child) for child in _read(pid, f"task/{pid}/children").split()]


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path("/proc", str(pid), name).read_bytes()
    return b""
