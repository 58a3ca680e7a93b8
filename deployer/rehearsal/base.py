"""The base image of a release: built once, kept in a cache, shared by every machine on top of it."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from deployer import system
from deployer.errors import DeployError
from deployer.rehearsal import mirror
from deployer.rehearsal.commands import call
from deployer.rehearsal.slots import slots
from deployer.seen.releases import BOOTABLE

UNUSED_DAYS = 14
CACHE = Path("/var/cache/vps-deployer")
LOCAL_CAS = Path("/usr/local/share/ca-certificates")
# What a fresh Debian of a VPS provider has, and no more: what a site needs, apply must install.
PACKAGES = (
    "bash-completion",
    "ca-certificates",
    "cron",
    "curl",
    "dbus",
    "gnupg",
    "iproute2",
    "iptables",
    "iputils-ping",
    "kmod",
    "less",
    "libpam-systemd",
    "lsb-release",
    "nano",
    "netbase",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tar",
    "tzdata",
    "xz-utils",
)


def base_image(release: str, packages: Iterable[str] = (), say: Callable[[str], None] = print) -> Path:
    """The folder with the base image of a release, plus packages; built first when it is not there.

    The name carries a hash of all that went in and of the month, so that any change, and age, rebuilds it.
    """
    if release not in BOOTABLE:
        raise DeployError(f"No such release: {release}.", f"There are: {', '.join(BOOTABLE)}.")
    included = sorted({*PACKAGES, *packages})
    image = CACHE / f"{release}-{_digest(release, included)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{image}.lock", "w") as lock:
        if not image.is_dir():
            system.lock(lock, wait=True)
        if not image.is_dir():
            _prune()
            say(f"Building the base image of {release} ({len(included)} packages), once …")
            _build(release, included, image, lock.fileno())
    return image


def _digest(release: str, included: list[str]) -> str:
    authorities = [certificate.read_text() for certificate in sorted(LOCAL_CAS.glob("**/*.crt"))]
    recipe = [included, mirror.sources(release), authorities, _options(), time.strftime("%Y-%m")]
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:12]


def _options() -> list[str]:
    options = ["--variant=minbase", "--skip=cleanup/apt/lists"]
    options.append('--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*')
    if LOCAL_CAS.is_dir():
        options.append(f'--customize-hook=cp -r {LOCAL_CAS} "$1"/usr/local/share/')
        options.append('--customize-hook=chroot "$1" update-ca-certificates')
    return options


def _build(release: str, included: list[str], image: Path, lock: int) -> None:
    """Build beside the final name and rename; mmdebstrap inherits the lock, so it is held while it lives."""
    unfinished = image.with_name(f"{image.name}.building")
    clear(unfinished)
    include = f"--include={','.join(included)}"
    target = [BOOTABLE[release], str(unfinished), *mirror.sources(release)]
    try:
        call("mmdebstrap", *_options(), include, *target, pass_fds=[lock])
        # or each machine would do it when apt is asked first, and keep 90 MB for itself
        call("chroot", str(unfinished), "apt-cache", "gencaches", pass_fds=[lock])
    except BaseException:
        clear(unfinished)
        raise
    unfinished.rename(image)


def clear(unfinished: Path) -> None:
    """Remove what a build has left, and before that what it had mounted there when it was killed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mounted in reversed(mounts):
        if mounted.startswith(f"{unfinished}/"):
            call("umount", mounted)
    shutil.rmtree(unfinished, ignore_errors=True)


def _prune() -> None:
    """Remove images that no machine runs on and nobody has asked for in a while."""
    in_use = {slot.state().get("image") for slot in slots()}
    for lock in CACHE.glob("debian-*.lock"):
        image = lock.with_suffix("")
        if image.name not in in_use and time.time() - lock.stat().st_mtime > UNUSED_DAYS * 86400:
            shutil.rmtree(image, ignore_errors=True)
            lock.unlink()
