"""Commands inside a machine: through its sshd, or through its namespaces whatever its sshd does."""

import contextlib
import os
import signal
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
# All but that of users, which systemd-nspawn shares with this machine.
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
LOGIN = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOGNAME": "root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SHELL": "/bin/bash",
    "USER": "root",
}


def ssh(key: Path, known_hosts: Path) -> list[str]:
    """The ssh command line up to the name of the host; nothing of the caller's own ssh settings counts."""
    options = [*OPTIONS, f"UserKnownHostsFile={known_hosts}"]
    return ["ssh", "-F", "none", "-i", str(key), *(word for option in options for word in ("-o", option))]


def run(
    machine: str, leader: int, command: str, check: bool, input: str | None, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a shell command as root in the namespaces of the leader; a failure shows all that it said."""
    process = subprocess.Popen(
        ["nsenter", f"--target={leader}", *NAMESPACES, "--wdns=/root", "bash", "-c", command],
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        env=LOGIN | {processes.MARK: machine},
    )
    try:
        output, errors = process.communicate(input, timeout)
    except BaseException as end:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(end, subprocess.TimeoutExpired):
            raise DeployError(f"{machine}: not done after {timeout:.0f} s: {command}") from end
        raise
    if check and process.returncode:
        said = f"{output}{errors}".rstrip()
        raise DeployError(f"{machine}: ended with code {process.returncode}: {command}\n{said}")
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
