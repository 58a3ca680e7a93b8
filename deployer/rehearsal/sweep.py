"""Claiming a slot for a machine, and leaving no trace of one that is over."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from deployer.errors import DeployError
from deployer.rehearsal import cgroups, network, processes, settings
from deployer.rehearsal.commands import PATIENCE, call
from deployer.rehearsal.network import Network
from deployer.rehearsal.slots import Slot, alone, slots

LIMIT = 99


def claim() -> tuple[Slot, Network, IO[str]]:
    """A free machine name with its subnet, locked for this process; first sweeps what killed runs left."""
    with alone():
        sweep()
        taken = {slot.name for slot in slots()}
        for number in range(1, LIMIT + 1):
            subnet = Network.of(f"vps-{number}")
            if subnet.machine not in taken and network.is_free(subnet):
                return _claim(Slot(subnet.machine), subnet)
    raise DeployError(f"All {LIMIT} throwaway machines are taken.", "Stop some: deploy rehearse --stop")


def _claim(slot: Slot, subnet: Network) -> tuple[Slot, Network, IO[str]]:
    settings.begin()
    network.fence()
    slot.run.mkdir(mode=0o700)
    lock = slot.lock()
    assert lock is not None, "a new folder cannot be locked by another"
    return slot, subnet, lock


def remove(slot: Slot) -> None:
    """End a machine and leave nothing of it; one that is gone already is fine."""
    with alone():
        _remove(slot)


def sweep() -> None:
    """Remove the machines whose process has died without doing so; the caller holds the lock `alone`."""
    for slot in slots():
        if is_abandoned(slot):
            _remove(slot)


def is_abandoned(slot: Slot) -> bool:
    """Whether nobody owns the machine: its process is dead, or it was kept and does not run any more."""
    if not slot.run.is_dir():
        return True
    lock = slot.lock()
    if lock is None:
        return False
    lock.close()
    return not (slot.state().get("kept") and processes.of(slot.name))


def pull_the_plug(slot: Slot) -> None:
    """End a machine as a power cut does: its disk stays as it is at that moment."""
    processes.end(slot.name)
    cgroups.remove(slot.name)
    Network.of(slot.name).close()
    # a systemd-nspawn that was killed leaves its folder, and the next of that name does not start
    call("rm", "-rf", "--one-file-system", f"/run/systemd/nspawn/propagate/{slot.name}")


def _remove(slot: Slot) -> None:
    pull_the_plug(slot)
    unmount(slot.root)
    unmount(slot.disk)
    call("rm", "-rf", "--one-file-system", str(slot.disk), str(slot.run))
    if not slots():
        network.unfence()
        settings.end()


def unmount(folder: Path) -> None:
    """Unmount what is mounted there, as soon as nobody uses it; DeployError when somebody goes on.

    A machine that boots at this moment begins with all mounts of this side, and lets go of them later.
    """

    def is_free() -> bool:
        with suppress(DeployError):
            if os.path.ismount(folder):
                call("umount", "--recursive", str(folder))
        return not os.path.ismount(folder)

    if not processes.wait(is_free, PATIENCE):
        call("umount", "--recursive", str(folder))
