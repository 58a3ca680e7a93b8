"""What a person needs to go on with a VPS that is kept: a sites.yaml that names it, and its keys."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deployer.config.relocation import relocated
from deployer.documents.text import read
from deployer.errors import DeployError
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine

HANDED = ("key", "key.pub", "known_hosts", "ssh_config", "acme-ca.pem", "root.pem", ".gitignore")
SSH_CONFIG = """\
Host {name} {address}
    HostName {address}
    # the port of security.ssh.port, once that is moved
    Port 22
    User root
    IdentityFile "{key}"
    IdentitiesOnly yes
    UserKnownHostsFile "{known_hosts}"
    StrictHostKeyChecking yes
"""


def hand_over(sites: Path, machine: Machine, acme: AcmeServer) -> Path:
    """Write sites.vps-1.yaml beside a sites.yaml, and the keys into .vps-1, for the owner of that folder.

    What an earlier VPS of that name has left there is overwritten. Raises DeployError.
    """
    written = _beside(sites, machine)
    key = f".{machine.name}/key"
    server = {"host": machine.address, "host_key": machine.host_key, "key": key}
    with _explained(f"there is no sites.yaml for {machine.name}"):
        text = relocated(read(sites), {"server": server, "acme": authority(machine, acme)})
        _hand_keys(sites, machine, acme)
        written.write_text(text)
        _give(sites.parent, written)
    return written


def hand_keys(sites: Path, machine: Machine, acme: AcmeServer) -> None:
    """Write the keys alone into .vps-1, beside a sites.yaml that may not be there yet. Raises DeployError."""
    with _explained(f"there are no keys for {machine.name}"):
        _hand_keys(sites, machine, acme)


def authority(machine: Machine, acme: AcmeServer) -> dict[str, str]:
    """`acme:` of a sites.yaml for this VPS."""
    return {"server": acme.directory, "ca": f".{machine.name}/acme-ca.pem"}


def _hand_keys(sites: Path, machine: Machine, acme: AcmeServer) -> None:
    folder = sites.parent / f".{machine.name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    public = machine.key.with_name(f"{machine.key.name}.pub")
    copies = {"key": machine.key, "key.pub": public, "acme-ca.pem": acme.ca, "root.pem": acme.root}
    for name, source in (copies | {"known_hosts": machine.known_hosts}).items():
        shutil.copyfile(source, folder / name)
        (folder / name).chmod(0o600)
    (folder / "ssh_config").write_text(ssh_config(machine.name, machine.address, folder.absolute()))
    (folder / ".gitignore").write_text("*\n")
    _give(sites.parent, folder, *folder.iterdir())
    machine.slot.save(handed_over=str(_beside(sites, machine).absolute()))


def ssh_config(name: str, address: str, folder: Path) -> str:
    """What `ssh -F` needs to log in without a question; `folder` has the key and the host key."""
    key, known = (str(folder / file).replace("%", "%%") for file in ("key", "known_hosts"))
    return SSH_CONFIG.format(name=name, address=address, key=key, known_hosts=known)


def _beside(sites: Path, machine: Machine) -> Path:
    return sites.with_name(f"{sites.stem}.{machine.name}{sites.suffix}")


def _give(folder: Path, *paths: Path) -> None:
    """To the owner of the folder: this runs as root."""
    owner = folder.stat()
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise DeployError(f"{what}: {getattr(error, 'strerror', None) or error}") from error


def take_back(machine: Machine) -> Path | None:
    """Remove the keys that were handed over; the sites.yaml stays, for somebody may have worked in it."""
    if not (handed := machine.slot.state().get("handed_over")):
        return None
    written = Path(handed)
    folder = written.parent / f".{machine.name}"
    if folder.is_dir() and not folder.is_symlink():
        for name in HANDED:
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # somebody has put something of their own there
            folder.rmdir()
    return written if written.is_file() else None
