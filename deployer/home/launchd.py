"""The timers of a Mac: agents of a user, daemons of root; launchd makes up for what a sleeping Mac missed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deployer.errors import DeployError
from deployer.home.change import Change, content, run
from deployer.home.jobs import Jobs
from deployer.home.schedule import Call, agents


def is_here() -> bool:
    """Whether this machine is a Mac."""
    return sys.platform == "darwin" and shutil.which("launchctl") is not None


def wanted(jobs: Jobs, call: Call) -> Change:
    """What is to be done so that launchd has the timers of these jobs, or none."""
    folder, log = places(call.system)
    found = agents(jobs, call, str(log))
    texts: dict[Path, str | None] = {
        folder / f"{name}.plist": found.get(f"{name}.plist") for name in jobs.names
    }
    files = {path: text for path, text in texts.items() if text != content(path)}
    loaded = [path.stem for path, text in texts.items() if text]
    return Change(files, None, tuple(name for name in loaded if not is_loaded(name, call.system)))


def carry_out(change: Change, system: bool) -> None:
    """Do it, or leave everything as it was; raises DeployError."""
    folder, _ = places(system)
    paths = dict.fromkeys([*change.files, *(folder / f"{name}.plist" for name in change.timers)])
    before = {path: content(path) for path in change.files}
    try:
        for path in paths:
            put(path, change.files.get(path, content(path)), system)
    except (DeployError, OSError) as error:
        put_back(before, system)
        if isinstance(error, OSError):
            raise DeployError(f"{error.filename or folder}: {error.strerror}") from error
        raise DeployError(
            error.message, "An agent needs its user to be logged in at the screen; as root it is a daemon"
        ) from error


def put(path: Path, text: str | None, system: bool) -> None:
    """Have launchd know this text, or nothing, by the name of the file."""
    if is_loaded(path.stem, system):
        run("launchctl", "bootout", f"{domain(system)}/{path.stem}")
    if text is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)  # launchd takes none that others can write
    run("launchctl", "bootstrap", domain(system), str(path))


def put_back(before: dict[Path, str | None], system: bool) -> None:
    """Make the files what they were; launchd may be what has failed, so that it is only asked."""
    for path, text in before.items():
        subprocess.run(
            ["launchctl", "bootout", f"{domain(system)}/{path.stem}"], capture_output=True, check=False
        )
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)
            subprocess.run(
                ["launchctl", "bootstrap", domain(system), str(path)], capture_output=True, check=False
            )


def is_loaded(name: str, system: bool) -> bool:
    """Whether launchd knows it."""
    argv = ["launchctl", "print", f"{domain(system)}/{name}"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def domain(system: bool) -> str:
    """Whose it is, in launchd's words."""
    return "system" if system else f"gui/{os.geteuid()}"


def places(system: bool) -> tuple[Path, Path]:
    """The folder that launchd reads, and a log."""
    if system:
        return Path("/Library/LaunchDaemons"), Path("/var/log/deploy-backup.log")
    library = Path.home() / "Library"
    return library / "LaunchAgents", library / "Logs/deploy-backup.log"
