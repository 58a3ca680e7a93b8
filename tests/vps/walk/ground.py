"""The server that is walked on, and how it is made as new again."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.services.conftest import (
    ALWAYS_OFTEN,
    ASK,
    HEALTHY,
    NO_FILTERS,
    PACKAGES,
    PREPARE,
    REGISTRY,
    SERVE,
    booted_debian_12,
    registry_of,
)
from vps.services.registry import health

DOMAINS = ("a.test", "b.test", "c.test", "d.test", "e.test")
PROGRAMS = (8161, 8162)
"""Ports where programs listen that nobody but their owner knows."""
PROGRAM = """
mkdir -p /srv/program-{port} && echo program-{port} >/srv/program-{port}/index.html
systemd-run --quiet --unit=program-{port} busybox httpd -f -p 127.0.0.1:{port} -h /srv/program-{port}
"""
MORE = tuple(
    sorted({*PREINSTALLED, "fail2ban", "hugo", "nftables", "python3-systemd", "sqlite3", "ufw"} - {*PACKAGES})
)
WIPE = (Path(__file__).parent / "wipe").read_text()


@dataclass
class Ground:
    """A server with Docker, a registry, the image of the walk, and an authority for its certificates."""

    vps: Machine
    acme: AcmeServer
    recipient: str = field(repr=False)

    @classmethod
    @contextmanager
    def of(cls, release: str) -> "Iterator[Ground]":
        """One with this Debian."""
        with _machine(release) as vps, AcmeServer.start(vps) as acme:
            vps.add_hosts({name: vps.address for domain in DOMAINS for name in (domain, f"www.{domain}")})
            ground = cls(vps, acme, public_key())
            ground._start_programs()
            yield ground

    def clear(self) -> None:
        """Make the server forget all that it was given, so that another walk can begin."""
        self.vps.run(WIPE)
        self.image("walk", "walk")
        self.vps.run(f"docker pull -q {REGISTRY}/walk:1 >/dev/null")

    def image(self, owner: str, page: str, **config: object) -> None:
        """Put the newest image of an owner into the registry."""
        well = health(ASK, Timeout=2, **ALWAYS_OFTEN) if self.vps.release == "debian-12" else HEALTHY
        registry_of(self.vps).push(owner, SERVE, {"Healthcheck": well, **config}, page)

    def restart(self) -> None:
        """Pull the plug, and boot again."""
        self.vps.restart()
        self.acme.stop()
        self.acme._start()  # it went with the machine, and knows no account of before
        self.vps.run("rm -rf /etc/letsencrypt/accounts")
        self._start_programs()
        self.vps.run("systemctl is-system-running --wait", check=False)

    def _start_programs(self) -> None:
        for port in PROGRAMS:
            self.vps.run(PROGRAM.format(port=port))


def public_key() -> str:
    """A GPG key for backups, of which nobody needs the private half."""
    with TemporaryDirectory() as home:
        gpg = ["gpg", "--batch", "--quiet", "--homedir", home, "--passphrase", ""]
        subprocess.run(
            [*gpg, "--quick-gen-key", "ada@example.org", "future-default", "default", "never"],
            check=True,
            capture_output=True,
        )
        return subprocess.run(
            [*gpg, "--armor", "--export"], check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def _machine(release: str) -> Iterator[Machine]:
    if release == "debian-12":
        with booted_debian_12(*MORE, files=NO_FILTERS) as machine:
            machine.run("touch /var/log/auth.log")  # without it, the package's own jail does not start
            yield machine
        return
    with Machine.boot(release, (*PACKAGES, *MORE), files=NO_FILTERS) as machine:
        machine.run(PREPARE)
        yield machine
