"""Programs that are needed at home, and where they are; on a Mac or a NAS it is not PATH that tells."""

import re
import shutil
import subprocess
import sys

from deployer.errors import UsageError

# where Homebrew, a person, MacPorts and Entware put them: a timer's PATH has none of these
PLACES = "/opt/homebrew/bin:/usr/local/bin:/opt/local/bin:/opt/bin"
RSYNC = re.compile(r"rsync +version v?(\d+)\.(\d+)")
OLDEST = (3, 1)


def find(name: str) -> str | None:
    """The path of a program, from PATH or where others install it."""
    return shutil.which(name) or shutil.which(name, path=PLACES)


def require(name: str, package: str = "") -> str:
    """The path of a program; raises UsageError that says how to get it."""
    if found := find(name):
        return found
    raise UsageError(f"{name} is not installed here", how_to_install(package or name))


def how_to_install(package: str) -> str:
    """What a person does on this machine to have a package."""
    if sys.platform == "darwin":
        return f"Install it: brew install {package}"
    if shutil.which("apt-get"):
        return f"Install it: apt-get install {package}"
    return f"Install {package}, by what installs programs on this machine"


def rsync() -> str:
    """The rsync that can do what is asked of it; raises UsageError that says which one is here.

    A Mac has openrsync, or one of 2006, and Homebrew's beside it.
    """
    here = dict.fromkeys(path for path in (shutil.which("rsync"), *_elsewhere("rsync")) if path)
    seen = {path: version_of(path) for path in here}
    for path, version in seen.items():
        if version and version >= OLDEST:
            return path
    if not seen:
        require("rsync")
    path, version = next(iter(seen.items()))
    which = f"rsync {'.'.join(map(str, version))}" if version else "another rsync (openrsync)"
    raise UsageError(
        f"{path} is {which}, and 3.1 or newer of rsync.samba.org is needed", how_to_install("rsync")
    )


def version_of(path: str) -> tuple[int, int] | None:
    """The version of an rsync, None where it is not that of rsync.samba.org."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    match = RSYNC.match(done.stdout)
    return (int(match[1]), int(match[2])) if match else None


def _elsewhere(name: str) -> list[str | None]:
    return [shutil.which(name, path=place) for place in PLACES.split(":")]
