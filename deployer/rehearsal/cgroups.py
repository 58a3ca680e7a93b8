"""Control groups of one machine, where no systemd runs here that would make them.

Without its own, every machine would get the same ones, and one's systemd could end the other's services.
"""

import contextlib
import time
from pathlib import Path

from deployer.errors import DeployError
from deployer.rehearsal.commands import PATIENCE

SYSTEMD = Path("/run/systemd/system")
ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"'


def entering(machine: str) -> list[str]:
    """A command prefix that starts a program in control groups of the machine's own, made here."""
    for group in (groups := _groups(machine)):
        group.mkdir(exist_ok=True)
        # A new cpuset of version 1 is empty, and no process may enter an empty one.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (group.parent / setting).exists() and (group / "tasks").exists():
                (group / setting).write_text((group.parent / setting).read_text())
    return ["sh", "-c", ENTER, "sh", *map(str, groups), "--"] if groups else []


def remove(machine: str) -> None:
    """Remove the machine's control groups; its processes have ended."""
    deadline = time.monotonic() + PATIENCE
    for group in _groups(machine):
        while group.is_dir():
            for folder in sorted(group.glob("**/"), reverse=True):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if time.monotonic() > deadline:
                raise DeployError(f"The control group {group} is still in use.")
            time.sleep(0.01)


def _groups(machine: str) -> list[Path]:
    if SYSTEMD.is_dir():
        return []
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    hierarchies = [mount[1] for mount in mounts if mount[2] in {"cgroup", "cgroup2"}]
    return [Path(hierarchy, f"vps-deployer.{machine}") for hierarchy in hierarchies]
