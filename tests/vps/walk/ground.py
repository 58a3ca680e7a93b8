"""The server that is walked on, and how it is made as new again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.services.conftest import (
    ALWAYS_OFTEN,
    ASK,
    HEALTHY,
    NO_RULES,
    PACKAGES,
    PREPARE,
    REGISTRY,
    SERVE,
    booted_debian_12,
    registry_of,
)
from vps.services.registry import health

MORE = tuple(sorted({*PREINSTALLED, "fail2ban", "nftables", "python3-systemd"} - {*PACKAGES}))
CLEAR = """
docker ps -aq | xargs -r docker rm -f >/dev/null
docker volume ls -q | xargs -r docker volume rm >/dev/null; docker network prune -f >/dev/null
rm -rf /var/lib/deploy /srv/deploy /etc/deploy /etc/nginx/conf.d/* /etc/nginx/deploy /opt/*.test /opt/alpha /opt/beta \
    /var/www/*.test /etc/letsencrypt/{live,archive,renewal} /usr/local/lib/deploy /var/log/deploy/* /etc/cron.d/deploy* \
    /etc/fail2ban/jail.d/deploy.local
systemctl reset-failed; systemctl reload-or-restart nginx
"""


@dataclass
class Ground:
    """A server with Docker, a registry, the image of the walk, and an authority for its certificates."""

    vps: Machine
    acme: AcmeServer

    @classmethod
    @contextmanager
    def of(cls, release: str) -> "Iterator[Ground]":
        """One with this Debian."""
        with _machine(release) as vps, AcmeServer.start(vps) as acme:
            yield cls(vps, acme)

    def clear(self) -> None:
        """Make the server forget all that it was given, so that another walk can begin."""
        self.vps.run(CLEAR)
        well = health(ASK, Timeout=2, **ALWAYS_OFTEN) if self.vps.release == "debian-12" else HEALTHY
        registry_of(self.vps).push("walk", SERVE, {"Healthcheck": well}, "walk")
        self.vps.run(f"docker pull -q {REGISTRY}/walk:1 >/dev/null")


@contextmanager
def _machine(release: str) -> Iterator[Machine]:
    if release == "debian-12":
        with booted_debian_12(*MORE, files=NO_RULES) as machine:
            yield machine
        return
    with Machine.boot(release, (*PACKAGES, *MORE), files=NO_RULES) as machine:
        machine.run(PREPARE)
        yield machine
