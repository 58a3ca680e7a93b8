"""Servers that are kept safe, and a stranger: a machine with an address of its own, in a network namespace."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deployer.rehearsal import shell
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.project import Project

PACKAGES = (*PREINSTALLED, "fail2ban", "nftables", "python3-systemd", "ufw", "unattended-upgrades")
SITES = {"old.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
SCAN = """
import asyncio, json, sys

async def is_open(limit, host, port):
    async with limit:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 0.7)
        except (OSError, asyncio.TimeoutError):
            return False
        writer.close()
        return True

async def scan(host, ports):
    limit = asyncio.Semaphore(250)
    found = await asyncio.gather(*(is_open(limit, host, port) for port in ports))
    print(json.dumps([port for port, there in zip(ports, found) if there]))

asyncio.run(scan(sys.argv[1], json.loads(sys.argv[2])))
"""


@dataclass(frozen=True)
class Stranger:
    """Somebody elsewhere, in the network namespace `name`, who can reach the server."""

    name: str
    address: str
    server: str

    def run(self, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program there."""
        command = ["ip", "netns", "exec", self.name, *argv]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL
        )

    def open_ports(self, below: int = 1024) -> list[int]:
        """The TCP ports that answer, of those below and of some where tests listen."""
        ports = [*range(1, below), 3306, 8080, 9000]
        done = self.run(sys.executable, "-c", SCAN, self.server, json.dumps(ports))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def can_log_in(vps: Machine) -> bool:
    """Whether a new login works; one that was let in and then shut out hangs."""
    reach = [*shell.ssh(vps.key, vps.known_hosts), "-o", "ConnectTimeout=2", f"root@{vps.address}", "true"]
    try:
        return subprocess.run(reach, capture_output=True, check=False, timeout=4).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """A server with all packages that keep it safe, as they come."""
    with Machine.boot(release, PACKAGES) as machine:
        machine.run("ssh-keygen -A")
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's folder for it, with the baseline applied."""
    made = Project(tmp_path_factory.mktemp("user"), vps, None, dict(SITES))
    made.more["security"] = {"undo_after": "60s", "fail2ban": {"ignore": [vps.network.host]}}
    done = made.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "new login works under the new rules" in done.stderr
    return made


@pytest.fixture(scope="module")
def stranger(vps: Machine) -> Iterator[Stranger]:
    """Somebody elsewhere."""
    number = vps.network.number
    name, here = f"stranger-{number}", f"st-{number}"
    subnet = f"10.214.{number}"
    steps = [
        f"ip netns add {name}",
        f"ip link add {here} type veth peer name eth0 netns {name}",
        f"ip address add {subnet}.1/30 dev {here}",
        f"ip link set {here} up",
        f"ip netns exec {name} ip address add {subnet}.2/30 dev eth0",
        f"ip netns exec {name} ip link set eth0 up",
        f"ip netns exec {name} ip link set lo up",
        f"ip netns exec {name} ip route add default via {subnet}.1",
    ]
    try:
        for step in steps:
            subprocess.run(step.split(), check=True, capture_output=True)
        yield Stranger(name, f"{subnet}.2", vps.address)
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", here], check=False, capture_output=True)


@pytest.fixture(scope="module")
def acme(vps: Machine) -> Iterator[AcmeServer]:
    """A test ACME server that asks the server."""
    with AcmeServer.start(vps) as server:
        yield server
