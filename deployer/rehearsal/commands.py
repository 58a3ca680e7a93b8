"""Programs of this machine that the throwaway VPS needs."""

import os
import subprocess
from collections.abc import Sequence

from deployer.errors import DeployError

PATIENCE = 60
"""Seconds for what takes a moment: on a machine that does much else, it takes ten times as long."""


def environment() -> dict[str, str]:
    """The environment for our programs: administration tools are found, and speak English."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def call(*argv: str, pass_fds: Sequence[int] = ()) -> str:
    """Run a program and return what it printed; its own last words become the error."""
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            pass_fds=pass_fds,
            env=environment(),
            check=False,
        )
    except FileNotFoundError as missing:
        raise DeployError(f"{argv[0]} is not installed on this machine.") from missing
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise DeployError(f"{' '.join(argv[:6])} failed with code {done.returncode}:\n" + "\n".join(words))
    return done.stdout
