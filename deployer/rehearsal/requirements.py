"""What a throwaway VPS needs on this machine, and the one command that mends what is missing."""

import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from deployer.errors import DeployError
from deployer.rehearsal.commands import environment
from deployer.rehearsal.invocation import invocation
from deployer.system import is_root

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
    again = invocation(*sys.argv[1:])
    problem = complaint(platform.system(), not is_root(), missing_packages(path, KEYRING), again)
    if problem:
        raise problem


def require_root() -> None:
    """Fail when the caller is not root."""
    if problem := complaint("Linux", not is_root(), [], invocation(*sys.argv[1:])):
        raise problem


def missing_packages(path: str, keyring: Path) -> list[str]:
    """The Debian packages whose programs are not on the path, sorted."""
    missing = {package for program, package in PACKAGE_OF.items() if not shutil.which(program, path=path)}
    return sorted(missing if keyring.exists() else missing | {"debian-archive-keyring"})


def complaint(system: str, user: bool, packages: Sequence[str], again: str) -> DeployError | None:
    """The error for what is missing: the kernel's name, whether it is not root, and the missing packages.

    `again` is the command line that does it as root.
    """
    if system != "Linux":
        return DeployError(
            f"A throwaway VPS needs Linux, and this machine runs {system}.",
            "Run it on any Debian or Ubuntu machine, a virtual one too.",
        )
    if not packages:
        return DeployError("A throwaway VPS needs root", f"Run: {again}") if user else None
    what = f"the package{'' if len(packages) == 1 else 's'} {', '.join(packages)}"
    return DeployError(
        f"A throwaway VPS needs {'root, and ' if user else ''}what is missing here: {what}",
        f"sudo apt-get install -y {' '.join(packages)}" + (f"\n{again}" if user else ""),
    )
