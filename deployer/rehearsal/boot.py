"""Booting a prepared disk with systemd-nspawn, up to the moment when sshd answers."""

import socket
import subprocess
import time
from collections.abc import Iterable

from deployer.errors import DeployError
from deployer.rehearsal import cgroups, processes
from deployer.rehearsal.commands import PATIENCE
from deployer.rehearsal.network import Network
from deployer.rehearsal.slots import Slot

NSPAWN = (
    "systemd-nspawn",
    "--quiet",
    "--boot",
    "--register=no",
    "--network-veth",
    "--capability=all",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=pipe",
)
SYSTEM_CALLS = "--system-call-filter=@keyring bpf add_key keyctl"


def boot(slot: Slot, network: Network, masked: Iterable[str] = ()) -> None:
    """Boot the machine and open its network; the end of its console's output explains a failure.

    Units that are `masked` do not start.
    """
    units = [f"systemd.mask={unit}" for unit in masked]
    with open(slot.run / "console.log", "wb") as log:
        process = processes.start(slot.name, *_command(slot), *units, log=log)
    try:
        network.open()
        _wait_for_sshd(process, network.address)
    except DeployError as failure:
        console = (slot.run / "console.log").read_text(errors="replace").splitlines()[-15:]
        raise DeployError("\n".join([failure.message, "Its console said:", *console])) from failure


def _command(slot: Slot) -> list[str]:
    """Where systemd runs here, it makes a scope for the machine; elsewhere it stays in groups of ours."""
    groups = cgroups.entering(slot.name)
    unit = ["--keep-unit"] if groups else []
    docker = f"--bind={slot.disk}/docker:/var/lib/docker"
    return [
        *groups,
        *NSPAWN,
        *unit,
        f"--directory={slot.root}",
        f"--machine={slot.name}",
        docker,
        SYSTEM_CALLS,
    ]


def _wait_for_sshd(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection((address, 22), timeout=1) as connection:
                connection.settimeout(PATIENCE / 6)  # a busy sshd is asked once, not anew every second
                if connection.recv(256).startswith(b"SSH-"):
                    return
        except OSError:
            time.sleep(0.02)
    raise DeployError("The machine did not boot.")
