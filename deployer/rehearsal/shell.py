"""Commands inside a machine, through its sshd and the OpenSSH client, with its host key pinned."""

import subprocess
from pathlib import Path

from deployer.errors import DeployError
from deployer.rehearsal import processes

OPTIONS = (
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "LogLevel=ERROR",
    "ServerAliveInterval=15",
)


def ssh(key: Path, known_hosts: Path) -> list[str]:
    """The ssh command line up to the name of the host; nothing of the caller's own ssh settings counts."""
    options = [*OPTIONS, f"UserKnownHostsFile={known_hosts}"]
    return ["ssh", "-F", "none", "-i", str(key), *(word for option in options for word in ("-o", option))]


def shared(socket: Path) -> list[str]:
    """Options with which all commands go over one connection; whatever ends the machine ends it."""
    options = ("ControlMaster=auto", f"ControlPath={socket}", "ControlPersist=yes")
    return [word for option in options for word in ("-o", option)]


def run(
    machine: str, argv: list[str], check: bool, input: str | None, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program that belongs to the machine; a failure shows all that it said."""
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=processes.marked_environment(machine),
            check=False,
            **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}),
        )
    except subprocess.TimeoutExpired as late:
        raise DeployError(f"{machine}: not done after {timeout:.0f} s: {argv[-1]}") from late
    if check and done.returncode:
        said = f"{done.stdout}{done.stderr}".rstrip()
        raise DeployError(f"{machine}: ended with code {done.returncode}: {argv[-1]}\n{said}")
    return done
