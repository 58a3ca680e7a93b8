"""Puts the timers of the home server in place, and takes them away: nothing changes that is right already."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deployer.errors import DeployError, UsageError
from deployer.home import launchd
from deployer.home.change import Change, content, run
from deployer.home.jobs import Jobs
from deployer.home.schedule import Call, crontab, said, units
from deployer.system import is_root

RUNNING = Path("/run/systemd/system")


def call_of(config: Path) -> Call:
    """How a timer would call this very program."""
    program = Path(sys.argv[0])
    found = program if program.name == "deploy" and program.exists() else shutil.which("deploy")
    beside = Path(sys.executable).with_name("deploy")
    chosen = found or (beside if beside.exists() else None)
    if not chosen:
        raise UsageError("the program deploy is not installed", "pip install it, so that a timer can call it")
    return Call(str(Path(chosen).absolute()), config.absolute(), is_root())


def wanted(jobs: Jobs, call: Call) -> Change:
    """What is to be done so that the timers are those of these jobs, or that there are none."""
    if not RUNNING.is_dir():
        if launchd.is_here():
            return launchd.wanted(jobs, call)
        before = read_crontab(jobs, call)
        after = crontab(before, jobs, call)
        return Change(crontab=after if after != before else None)
    folder = unit_folder(call.system)
    texts = {folder / name: text for name, text in units(jobs, call).items()}
    every = [folder / f"{name}.{kind}" for name in jobs.names for kind in ("service", "timer")]
    gone: dict[Path, str | None] = {path: None for path in every if path not in texts}
    files = {path: text for path, text in (gone | texts).items() if text != content(path)}
    timers = [path.name for path in texts if path.suffix == ".timer"]
    return Change(files, None, tuple(name for name in timers if not active(name, call.system)))


def carry_out(change: Change, system: bool) -> None:
    """Do it, or leave everything as it was; raises DeployError."""
    if change.crontab is not None:
        return run("crontab", "-", given=change.crontab)
    if not RUNNING.is_dir():
        return launchd.carry_out(change, system)
    before = {path: content(path) for path in change.files}
    try:
        put_in_place(change, system)
    except (DeployError, OSError) as error:
        put_back(before, change.timers, system)
        if isinstance(error, OSError):
            raise DeployError(f"{error.filename or 'the timers'}: {error.strerror}") from error
        raise
    return None


def put_in_place(change: Change, system: bool) -> None:
    """Write and remove files, and have systemd obey them."""
    for path, text in change.files.items():
        if text is None and path.suffix == ".timer":
            run(*systemctl(system), "disable", "--quiet", "--now", path.name)
    for path, text in change.files.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    run(*systemctl(system), "daemon-reload")
    changed = {path.name for path, text in change.files.items() if text and path.suffix == ".timer"}
    if names := sorted(changed | set(change.timers)):
        run(*systemctl(system), "enable", "--quiet", *names)
        forgive(names, system)
        run(*systemctl(system), "restart", *names)


def put_back(before: dict[Path, str | None], timers: tuple[str, ...], system: bool) -> None:
    """Make the files what they were; systemd may be what has failed, so that it is only asked."""
    had = [path.name for path, text in before.items() if text is not None and path.suffix == ".timer"]
    steps = [["disable", "--quiet", "--now", name] for name in timers if name not in had]
    for step in steps:
        subprocess.run([*systemctl(system), *step], capture_output=True, check=False)
    for path, text in before.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)
    subprocess.run([*systemctl(system), "daemon-reload"], capture_output=True, check=False)
    forgive(had, system)
    for name in had:
        argv = [*systemctl(system), "enable", "--quiet", "--now", name]
        subprocess.run(argv, capture_output=True, check=False)


def forgive(timers: Sequence[str], system: bool) -> None:
    """Have systemd start these however often they were: the sixth start within ten seconds fails."""
    if timers:  # without a name, it would forgive all that has failed
        subprocess.run([*systemctl(system), "reset-failed", *timers], capture_output=True, check=False)


def unit_folder(system: bool) -> Path:
    """Where units of one's own are."""
    if system:
        return Path("/etc/systemd/system")
    return Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "systemd/user"


def systemctl(system: bool) -> list[str]:
    """The program, for the system or for the user."""
    return ["systemctl"] if system else ["systemctl", "--user"]


def active(name: str, system: bool) -> bool:
    """Whether a timer is enabled and waits."""
    argv = systemctl(system)
    states = ("is-enabled", "is-active")
    return all(subprocess.run([*argv, s, "--quiet", name], check=False).returncode == 0 for s in states)


def read_crontab(jobs: Jobs, call: Call) -> str:
    """The user's crontab; raises UsageError where there is nothing that calls programs at their times."""
    if not shutil.which("crontab"):
        if not jobs.wanted:
            return ""
        missing = "there is neither systemd nor launchd nor a crontab here"
        if shutil.which("apt-get"):
            raise UsageError(missing, "Install it: apt-get install cron")
        calls = [f"  {when}: {line}" for when, line in said(jobs, call).items()]
        raise UsageError(missing, "\n".join(["Let this machine's own scheduler call:", *calls]))
    done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
