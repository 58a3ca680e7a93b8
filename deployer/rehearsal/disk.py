"""The disk of one machine: an overlay on the base image, with the machine's own keys and settings.

VPS_DISK=memory in the environment keeps what machines write in memory. That is faster where files are deleted
a lot, and takes some hundred MB a machine; ACLs and user attributes of files then need Linux 6.6.
"""

import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from deployer.rehearsal import host
from deployer.rehearsal.commands import call
from deployer.rehearsal.guest import LOGIN_NEWS, Identity, guest_files, guest_links
from deployer.rehearsal.network import Network
from deployer.rehearsal.slots import Slot


def prepare(slot: Slot, network: Network, layers: Sequence[Path]) -> str:
    """Mount the machine's disk, ready to boot; returns the public host key."""
    slot.disk.mkdir(parents=True)
    if os.environ.get("VPS_DISK") == "memory":
        call("mount", "-t", "tmpfs", "-o", "mode=755,size=80%", slot.name, str(slot.disk))
    for folder in ("root", "upper", "work", "docker"):
        (slot.disk / folder).mkdir()
    # volatile: no fsync reaches the real disk. Nothing here must survive a crash of this machine.
    below = ":".join(map(str, layers))
    mounted = f"lowerdir={below},upperdir={slot.disk}/upper,workdir={slot.disk}/work,volatile"
    call("mount", "-t", "overlay", slot.name, "-o", mounted, str(slot.root))
    shutil.rmtree(slot.root / LOGIN_NEWS, ignore_errors=True)
    identity = _identity(slot)
    (slot.run / "known_hosts").write_text(f"{network.address} {identity.host_key}\n")
    for path, (content, mode) in guest_files(network, identity, host.resolver(), host.pip()).items():
        file = _fresh(slot.root, path)
        file.touch(0o600)
        file.write_text(content)
        file.chmod(mode)
    for path, target in guest_links().items():
        _fresh(slot.root, path).symlink_to(target)
    return identity.host_key


def write(slot: Slot, files: Mapping[str, str]) -> None:
    """Write files that everybody may read, by their path inside the machine."""
    for path, content in files.items():
        _fresh(slot.root, path).write_text(content)


def _identity(slot: Slot) -> Identity:
    keys = {"key": f"rehearsal {slot.name}", "host_key": slot.name}
    for name, comment in keys.items():
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(slot.run / name))
    public = {name: (slot.run / f"{name}.pub").read_text() for name in keys}
    return Identity(
        machine_id=uuid.uuid4().hex,
        host_key=" ".join(public["host_key"].split()[:2]),
        host_key_private=(slot.run / "host_key").read_text(),
        authorized_key=public["key"].strip(),
    )


def _fresh(root: Path, path: str) -> Path:
    """The path inside the machine, with nothing there: never write through a link of the image."""
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    return file
