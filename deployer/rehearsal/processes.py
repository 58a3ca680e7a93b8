"""The processes of one machine: each bears the machine's name in its environment."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from deployer.errors import DeployError

MARK = "VPS_DEPLOYER_MACHINE"


def start(machine: str, *argv: str, log: IO[bytes], **environment: str) -> subprocess.Popen[bytes]:
    """Start a process of this machine, in a session of its own, so that Ctrl-C does not reach it."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=marked_environment(machine) | environment,
    )


def marked_environment(machine: str) -> dict[str, str]:
    """The environment of a process that belongs to the machine."""
    return {**os.environ, MARK: machine}


def of(machine: str) -> list[int]:
    """The processes that belong to the machine on this side; those inside it are their children."""
    mark = f"{MARK}={machine}".encode()
    return [pid for pid in _all() if pid != os.getpid() and mark in _read(pid, "environ").split(b"\0")]


def end(machine: str) -> None:
    """Pull the plug: kill the machine's processes, inside first, and wait until they are gone."""
    deadline = time.monotonic() + 10
    while owned := of(machine):
        inside = [int(pid) for owner in owned for pid in _read(owner, f"task/{owner}/children").split()]
        for pid in inside or owned:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise DeployError(f"Processes of {machine} do not end: {', '.join(map(str, owned))}.")
        time.sleep(0.02)


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path("/proc", str(pid), name).read_bytes()
    return b""
