"""What a throwaway VPS needs on this machine, and the one command that mends what is missing."""

import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from deployer.errors import DeployError
from deployer.rehearsal.commands import environment

PACKAGE_OF = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "openssl": "openssl",
    "pebble": "pebble",
    "pebble-challtestsrv": "pebble",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def require() -> None:
    """Fail with everything that is missing at once."""
    path = environment()["PATH"]
    problem = complaint(platform.system(), os.geteuid(), missing_packages(path, KEYRING))
    if problem:
        raise problem


def missing_packages(path: str, keyring: Path) -> list[str]:
    """The Debian packages whose programs are not on the path, sorted."""
    missing = {package for program, package in PACKAGE_OF.items() if not shutil.which(program, path=path)}
    return sorted(missing if keyring.exists() else missing | {"debian-archive-keyring"})


def complaint(system: str, user: int, packages: Sequence[str]) -> DeployError | None:
    """The error for what is missing: the kernel's name, the user's number and the missing packages."""
    if system != "Linux":
        return DeployError(
            f"A throwaway VPS needs Linux, and this machine runs {system}.",
            "Run it on any Debian or Ubuntu machine, a virtual one too.",
        )
    missing = [*(["root"] if user else []), *(f"the package {package}" for package in packages)]
    if not missing:
        return None
    commands = [f"sudo apt-get install -y {' '.join(packages)}"] if packages else []
    advice = [*commands, *(["Then run the same command with sudo."] if user else [])]
    return DeployError(
        f"A throwaway VPS needs what is missing here: {', '.join(missing)}.", "\n".join(advice)
    )
