"""Claiming a place for a machine, and leaving no trace of one that is over."""

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from deployer.errors import DeployError
from deployer.rehearsal import cgroups, network, processes, settings
from deployer.rehearsal.commands import PATIENCE, call
from deployer.rehearsal.network import Network
from deployer.rehearsal.places import Place, alone, places

LIMIT = 99


def claim() -> tuple[Place, Network, IO[str]]:
    """A free machine name with its subnet, locked for this process; first sweeps what killed runs left."""
    with alone():
        sweep()
        taken = {place.name for place in places()}
        for number in range(1, LIMIT + 1):
            subnet = Network.of(f"vps-{number}")
            if subnet.machine not in taken and network.is_free(subnet):
                return _claim(Place(subnet.machine), subnet)
    raise DeployError(f"All {LIMIT} throwaway machines are taken.", "Stop some: deploy rehearse --stop")


def _claim(place: Place, subnet: Network) -> tuple[Place, Network, IO[str]]:
    settings.begin()
    network.fence()
    place.run.mkdir(mode=0o700)
    lock = place.lock()
    assert lock is not None, "a new folder cannot be locked by another"
    return place, subnet, lock


def remove(place: Place) -> None:
    """End a machine and leave nothing of it; one that is gone already is fine."""
    with alone():
        _remove(place)


def sweep() -> None:
    """Remove the machines whose process has died without doing so; the caller holds the lock `alone`."""
    for place in places():
        if is_abandoned(place):
            _remove(place)


def is_abandoned(place: Place) -> bool:
    """Whether nobody owns the machine: its process is dead, or it was kept and does not run any more."""
    if not place.run.is_dir():
        return True
    lock = place.lock()
    if lock is None:
        return False
    lock.close()
    return not (place.state().get("kept") and processes.of(place.name))


def pull_the_plug(place: Place) -> None:
    """End a machine as a power cut does: its disk stays as it is at that moment."""
    processes.end(place.name)
    cgroups.remove(place.name)
    Network.of(place.name).close()
    # a systemd-nspawn that was killed leaves its folder, and the next of that name does not start
    call("rm", "-rf", "--one-file-system", f"/run/systemd/nspawn/propagate/{place.name}")


def _remove(place: Place) -> None:
    pull_the_plug(place)
    unmount(place.root)
    unmount(place.disk)
    call("rm", "-rf", "--one-file-system", str(place.disk), str(place.run))
    if not places():
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
