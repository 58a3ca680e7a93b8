"""The base images of a release: built once, kept in a cache, shared by every machine on top of them.

CACHE/RELEASE-HASH/system is what all machines of the release have, and each HASH beside it what one has more.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from deployer import system
from deployer.errors import DeployError
from deployer.rehearsal import cgroups, mirror
from deployer.rehearsal.commands import call
from deployer.rehearsal.slots import slots
from deployer.seen.releases import BOOTABLE

UNUSED_DAYS = 14
CACHE = Path("/var/cache/vps-deployer")
LOCAL_CAS = Path("/usr/local/share/ca-certificates")
SYSTEM = "system"
NSPAWN = (
    *("setpriv", "--pdeathsig", "KILL"),  # it lets go of the lock, so it must not outlive us
    *("systemd-nspawn", "--quiet", "--register=no", "--pipe", "--setenv=DEBIAN_FRONTEND=noninteractive"),
    *("--resolv-conf=bind-host", "--timezone=off", "--link-journal=no"),
)
INSTALL = r"""printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d &&
    apt-get -qq update && apt-get -qq -y --no-install-recommends install "$@" &&
    rm /usr/sbin/policy-rc.d && apt-get clean && apt-cache gencaches"""
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


def base_image(release: str, packages: Iterable[str] = (), say: Callable[[str], None] = print) -> list[Path]:
    """The folders of which one lies over the other, the upper first, that are a release with these packages.

    What has to be built is built first: the system that all images share, and over it what an image has more.
    The name of the system carries a hash of all that went in and of the month, so that any change, and age,
    rebuilds it.
    """
    if release not in BOOTABLE:
        raise DeployError(f"No such release: {release}.", f"There are: {', '.join(BOOTABLE)}.")
    system_image = CACHE / f"{release}-{_digest(_recipe(release))}" / SYSTEM
    system_image.parent.mkdir(parents=True, exist_ok=True)
    words = f"Building the base image of {release}, once …"
    _provide(system_image, partial(_build_system, release), partial(say, words))
    more = sorted({*packages} - {*PACKAGES})
    if not more:
        return [system_image]
    words = f"Installing {len(more)} packages into a base image of {release}, once …"
    _provide(layer := system_image.with_name(_digest(more)), partial(_build_layer, more), partial(say, words))
    return [layer, system_image]


def _provide(image: Path, build: Callable[[Path, int], None], tell: Callable[[], None]) -> None:
    """Build it beside its final name and rename it, where it is not there.

    The programs that build inherit the lock, so it is held while one of them lives.
    """
    with open(f"{image}.lock", "w") as lock:
        if not image.is_dir():
            system.lock(lock, wait=True)
        if image.is_dir():
            return
        tell()
        _prune()
        clear(unfinished := image.with_name(f"{image.name}.building"))
        unfinished.mkdir()
        try:
            build(unfinished, lock.fileno())
            (unfinished / SYSTEM).rename(image)
        finally:
            clear(unfinished)


def _digest(of: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:12]


def _recipe(release: str) -> list[object]:
    authorities = [certificate.read_text() for certificate in sorted(LOCAL_CAS.glob("**/*.crt"))]
    return [mirror.sources(release), authorities, _options(), INSTALL, time.strftime("%Y-%m")]


def _options() -> list[str]:
    options = ["--variant=minbase", "--skip=cleanup/apt/lists", f"--include={','.join(PACKAGES)}"]
    options.append('--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*')
    if LOCAL_CAS.is_dir():
        options.append(f'--customize-hook=cp -r {LOCAL_CAS} "$1"/usr/local/share/')
        options.append('--customize-hook=chroot "$1" update-ca-certificates')
    return options


def _build_system(release: str, unfinished: Path, lock: int) -> None:
    target = unfinished / SYSTEM
    call("mmdebstrap", *_options(), BOOTABLE[release], str(target), *mirror.sources(release), pass_fds=[lock])
    # or each machine would do it when apt is asked first, and keep 90 MB for itself
    call("chroot", str(target), "apt-cache", "gencaches", pass_fds=[lock])


def _build_layer(packages: Sequence[str], unfinished: Path, lock: int) -> None:
    """What the installation of packages writes over the system; nothing of them is started."""
    layer, work, root = (unfinished / name for name in (SYSTEM, "work", "root"))
    for folder in (layer, work, root):
        folder.mkdir()
    below = unfinished.with_name(SYSTEM)
    mounted = f"lowerdir={below},upperdir={layer},workdir={work}"
    call("mount", "-t", "overlay", unfinished.name, "-o", mounted, str(root))
    name = f"{unfinished.parent.name}-{unfinished.stem}"
    unit = [] if cgroups.SYSTEMD.is_dir() else ["--keep-unit"]
    place = [f"--machine={name}", f"--directory={root}"]
    try:
        call(*NSPAWN, *unit, *place, "sh", "-c", INSTALL, "sh", *packages, pass_fds=[lock])
    finally:
        call("rm", "-rf", "--one-file-system", f"/run/systemd/nspawn/propagate/{name}")
    call("umount", str(root))


def clear(unfinished: Path) -> None:
    """Remove what a build has left, and before that what it had mounted there when it was killed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mounted in reversed(mounts):
        if mounted.startswith(f"{unfinished}/"):
            call("umount", mounted)
    shutil.rmtree(unfinished, ignore_errors=True)


def _prune() -> None:
    """Remove images of systems that no machine runs on and nobody has asked for in a while."""
    in_use = {slot.state().get("image") for slot in slots()}
    for shared in [*CACHE.glob("debian-*/")]:
        asked_for = shared / f"{SYSTEM}.lock"
        used = (asked_for if asked_for.exists() else shared).stat().st_mtime
        if shared.name not in in_use and time.time() - used > UNUSED_DAYS * 86400:
            clear(shared)
