"""What a person needs to go on with a VPS that is kept: a sites.yaml that names it, and its keys."""

import contextlib
import os
import shutil
from pathlib import Path

from deployer.config.relocation import relocated
from deployer.config.text import read
from deployer.errors import DeployError
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine

HANDED = ("key", "key.pub", "acme-ca.pem", "root.pem", ".gitignore")


def hand_over(sites: Path, machine: Machine, acme: AcmeServer) -> Path:
    """Write sites.vps-1.yaml beside a sites.yaml, and the keys into .vps-1, for the owner of that folder.

    What an earlier VPS of that name has left there is overwritten. Raises DeployError.
    """
    folder = sites.parent / f".{machine.name}"
    written = sites.with_name(f"{sites.stem}.{machine.name}{sites.suffix}")
    server = {"host": machine.address, "host_key": machine.host_key, "key": f"{folder.name}/key"}
    authority = {"server": acme.directory, "ca": f"{folder.name}/acme-ca.pem"}
    owner = sites.parent.stat()
    try:
        text = relocated(read(sites), {"server": server, "acme": authority})
        folder.mkdir(mode=0o700, exist_ok=True)
        public = machine.key.with_name(f"{machine.key.name}.pub")
        copies = {"key": machine.key, "key.pub": public, "acme-ca.pem": acme.ca, "root.pem": acme.root}
        for name, source in copies.items():
            shutil.copyfile(source, folder / name)
            (folder / name).chmod(0o600)
        (folder / ".gitignore").write_text("*\n")
        written.write_text(text)
        for path in (folder, *folder.iterdir(), written):
            os.chown(path, owner.st_uid, owner.st_gid)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeployError(f"there is no sites.yaml for {machine.name}: {reason}") from error
    machine.place.save(handed_over=str(written.absolute()))
    return written


def take_back(machine: Machine) -> Path | None:
    """Remove the keys that were handed over; the sites.yaml stays, for somebody may have worked in it."""
    if not (handed := machine.place.state().get("handed_over")):
        return None
    written = Path(handed)
    folder = written.parent / f".{machine.name}"
    if folder.is_dir() and not folder.is_symlink():
        for name in HANDED:
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody has put something of their own there
            folder.rmdir()
    return written if written.is_file() else None
