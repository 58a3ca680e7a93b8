"""Servers that are kept safe, and strangers: each with an address of its own, in a network namespace."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest

from deployer.rehearsal import shell
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.project import Project

PACKAGES = (*PREINSTALLED, "fail2ban", "nftables", "python3-systemd", "ufw", "unattended-upgrades")
SITES = {"old.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
TESTS = Path(__file__).parents[2]
SCAN = """
import json, sys

sys.path.insert(0, sys.argv[1])
from vps.scan import answering

print(json.dumps(sorted(answering(sys.argv[2], json.loads(sys.argv[3])))))
"""


@dataclass(frozen=True)
class Elsewhere:
    """A network namespace from which the server is reached, from one address after the other."""

    name: str
    subnet: str
    server: str
    numbers: Iterator[int] = field(default_factory=lambda: cycle(range(2, 255)))

    def stranger(self) -> "Stranger":
        """Somebody with an address of their own: nothing that others did there counts for it."""
        address = f"{self.subnet}.{next(self.numbers)}"
        subprocess.run(self.inside(f"ip address replace {address}/24 dev eth0"), check=True)
        return Stranger(self, address)

    def inside(self, command: str) -> list[str]:
        """A command there, as words."""
        return ["ip", "netns", "exec", self.name, *command.split()]


@dataclass(frozen=True)
class Stranger:
    """Somebody elsewhere, who can reach the server."""

    elsewhere: Elsewhere
    address: str

    @property
    def server(self) -> str:
        """The server's address."""
        return self.elsewhere.server

    def run(self, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program there, which comes from this address."""
        here = f"ip route replace default via {self.elsewhere.subnet}.1 src {self.address}"
        subprocess.run(self.elsewhere.inside(here), check=True)
        command = [*self.elsewhere.inside(""), *argv]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout, stdin=subprocess.DEVNULL
        )

    def log_in(self, *options: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """An attempt to log in, without a key that is known."""
        fixed = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        fixed += ["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", "/nonexistent"]
        # whoever is shut out in the middle of it waits for nothing
        return self.run(
            "timeout", "20", "ssh", "-F", "none", *fixed, *options, f"{user}@{self.server}", "true"
        )

    def open_ports(self, below: int = 1024) -> list[int]:
        """The TCP ports that answer, of those below and of some where tests listen."""
        ports = [*range(1, below), 3306, 8080, 9000]
        done = self.run(sys.executable, "-c", SCAN, str(TESTS), self.server, json.dumps(ports))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def can_log_in(vps: Machine, within: int = 15) -> bool:
    """Whether a new login works; one that was let in and then shut out hangs."""
    limits = ["-o", f"ConnectTimeout={within}"]
    reach = [*shell.ssh(vps.key, vps.known_hosts), *limits, f"root@{vps.address}", "true"]
    try:
        return subprocess.run(reach, capture_output=True, check=False, timeout=within + 2).returncode == 0
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
def elsewhere(vps: Machine) -> Iterator[Elsewhere]:
    """Where strangers are."""
    number = vps.network.number
    there, here = Elsewhere(f"stranger-{number}", f"10.214.{number}", vps.address), f"st-{number}"
    steps = [
        f"ip netns add {there.name}",
        f"ip link add {here} type veth peer name eth0 netns {there.name}",
        f"ip address add {there.subnet}.1/24 dev {here}",
        f"ip link set {here} up",
        f"ip -netns {there.name} link set eth0 up",
        f"ip -netns {there.name} link set lo up",
    ]
    try:
        for step in steps:
            subprocess.run(step.split(), check=True, capture_output=True)
        yield there
    finally:
        subprocess.run(["ip", "netns", "delete", there.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", here], check=False, capture_output=True)


@pytest.fixture
def stranger(elsewhere: Elsewhere) -> Stranger:
    """Somebody elsewhere, of this test alone."""
    return elsewhere.stranger()


@pytest.fixture(scope="module")
def acme(vps: Machine) -> Iterator[AcmeServer]:
    """A test ACME server that asks the server."""
    with AcmeServer.start(vps) as server:
        yield server
