"""Waiting for what happens on a server: no test hopes that a second is enough."""

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deployer.rehearsal.machine import Machine

CLIENTS: list[subprocess.Popen[str]] = []


def client(argv: Sequence[str | Path], **options: Any) -> subprocess.Popen[str]:
    """A program that talks to a server beside the test, and ends before the server whatever becomes of the test."""
    command = ["env", "--default-signal=INT", *argv]  # tests that run in the background ignore it
    CLIENTS.append(subprocess.Popen(command, text=True, start_new_session=True, **options))
    return CLIENTS[-1]


def end_clients() -> None:
    """End the clients that still run, and what they have started."""
    while CLIENTS:
        process = CLIENTS.pop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def started(
    vps: Machine, command: str, stdin: int | None = subprocess.DEVNULL, user: str = "root"
) -> subprocess.Popen[str]:
    """A command that runs on the server, over a connection of its own; errors come with its output."""
    argv = ["ssh", "-F", "none", "-i", str(vps.key), "-o", f"UserKnownHostsFile={vps.known_hosts}"]
    argv += [f"{user}@{vps.address}", command]
    return client(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until_it_says(process: subprocess.Popen[str], text: str) -> None:
    """Read the output up to a line with this text."""
    for line in process.stdout or ():
        if text in line:
            return
    raise AssertionError(f"{text!r} never came")


def until(vps: Machine, condition: str, seconds: float = 120) -> None:
    """Wait until a shell command on the server succeeds; a busy machine is no failure, so the limit is far."""
    vps.run(f"until {condition}; do sleep 0.2; done", timeout=seconds)


def nobody_waits(vps: Machine, name: str, port: int) -> None:
    """Wait until all is well again at a site's port, and nothing is left of its waiting room."""
    until(vps, f"test ! -e /run/deploy/held/{name}")
    until(vps, f"! systemctl is-active --quiet deploy-room@{name}_{port}.service")


def until_free(vps: Machine, lock: str) -> None:
    """Wait until nobody holds the lock."""
    vps.run(f"flock {lock} true")


def until_locked(vps: Machine, lock: str) -> None:
    """Wait until somebody holds the lock."""
    until(vps, f"[ -e {lock} ] && ! flock --nonblock {lock} true")


def until_listening(vps: Machine, port: int) -> None:
    """Wait until a program listens on the port."""
    until(vps, f"ss -Hltn 'sport = :{port}' | grep -q .")


def reload_nginx(vps: Machine, command: str = "nginx -s reload") -> None:
    """Make what was written by hand count: a reload does not wait until the workers of before are gone."""
    workers = 'workers=$(pgrep -P "$(cat /run/nginx.pid)")'
    gone = "for each in $workers; do while [ -e /proc/$each ]; do sleep 0.05; done; done"
    vps.run(f"{workers}; {command} && {gone}")


def journal(vps: Machine, *options: str) -> str:
    """What the journal has, once all that was said until now is in it: journald reads when it finds the time."""
    return vps.run(
        f"journalctl --sync; journalctl --quiet --no-pager {shlex.join(options)}", check=False
    ).stdout
