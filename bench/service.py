"""A service in a container on a VPS with its own registry, whose next images are good or bad."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.measure import DEPLOY, Command, timed
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

PACKAGES = (
    *("busybox-static", "certbot", "curl", "docker-cli", "docker-compose", "docker-registry", "docker.io"),
    *("git", "logrotate", "libnginx-mod-http-brotli-filter", "nginx"),
)
REGISTRY = "127.0.0.1:5000"
# It takes a second to start, as a small program does, and ends when it is asked to.
WELL = "trap 'kill $!; exit' TERM; sleep 1; httpd -f -p 80 -h /www & wait"
CRASHES = "echo broken; exit 1"
HANGS = "trap 'kill $!; exit' TERM; sleep 1000 & wait"
CHECK = (
    "HEALTHCHECK --interval=5s --timeout=2s --retries=3 --start-period=20s CMD wget -q -O /dev/null 127.0.0.1"
)
OFTEN = "HEALTHCHECK --interval=1s --timeout=2s --retries=4 CMD wget -q -O /dev/null 127.0.0.1"
ROLLOUT = (Path(__file__).parent / "usual/rollout.sh").read_text()
ROLLOUT_WAITS = 10  # seconds for a new container to be healthy; it has 60 where nobody says so
ROLLOUT_NGINX = (Path(__file__).parent / "usual/rollout.conf").read_text()
COMPOSE = """\
services:
  app:
    image: {image}
    restart: unless-stopped
    ports: ["127.0.0.1:{port}:80"]
"""
PREPARE = """
sed -i '/^auth:/,/htpasswd$/d' /etc/docker/registry/config.yml && systemctl restart docker-registry
mkdir -p /root/tree/bin /root/tree/tmp /root/tree/www && cp /bin/busybox /root/tree/bin/
for name in $(busybox --list | grep -vx busybox); do ln -sf busybox /root/tree/bin/$name; done
"""


@dataclass(frozen=True)
class Service:
    """One composition of sites.yaml, with a repository of its own in the registry."""

    machine: Machine
    folder: Path
    domain: str
    port: int
    check: str = CHECK

    @classmethod
    def prepare(
        cls,
        machine: Machine,
        folder: Path,
        domains: list[str],
        more: Sequence[dict[str, str]] = (),
        check: str = CHECK,
    ) -> list[Self]:
        """Make them, each with an image that is well, and apply them; `more` keys of each in sites.yaml."""
        machine.run(PREPARE)
        services = [
            cls(machine, folder, domain, 8100 + number, check) for number, domain in enumerate(domains)
        ]
        sites = {}
        for service, keys in zip(services, more or [{}] * len(services), strict=True):
            service.release("page 0")
            (folder / f"{service.domain}.yml").write_text(
                COMPOSE.format(image=service.image, port=service.port)
            )
            sites[service.domain] = {
                "kind": "compose",
                "file": f"{service.domain}.yml",
                "port": service.port,
                "https": False,
                "wait": "40s",
                "watch": "0",
                "hold": "60s",
                **keys,
            }
        reach = {"host": machine.address, "host_key": machine.host_key, "key": str(machine.key)}
        (folder / "sites.yaml").write_text(json.dumps({"server": reach, "sites": sites}))
        timed(Command([DEPLOY, "apply", "--yes"], folder))
        return services

    @property
    def image(self) -> str:
        """What its compose file names."""
        return f"{REGISTRY}/{self.domain.replace('.', '-')}:1"

    @property
    def container(self) -> str:
        """The name that Docker Compose gives its container."""
        return f"{self.domain.replace('.', '')}-app-1"

    def release(self, page: str, command: str = WELL) -> None:
        """Publish a new image under the same tag; the machine itself keeps the one that it has."""
        changes = (self.check, f"CMD {json.dumps(['sh', '-c', command])}")
        told = " ".join(f"--change {shlex.quote(change)}" for change in changes)
        self.machine.run(
            f"set -e; cd /root/tree; exec 9>../tree.lock; flock 9; echo {shlex.quote(page)} >www/index.html\n"
            f"old=$(docker image inspect --format '{{{{.Id}}}}' {self.image} 2>/dev/null || true)\n"
            f"tar -c . | docker import {told} - {self.image} >/dev/null\n"
            f"docker push -q {self.image} >/dev/null\n"
            f'docker rmi {self.image} >/dev/null; [ -z "$old" ] || docker tag $old {self.image}'
        )

    def remotely(self, command: str) -> Command:
        """A command on the VPS, in the composition's folder, over SSH."""
        machine = self.machine
        argv = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
        return Command([*argv, f"cd /opt/{self.domain} && {{ {command}; }}"])

    def roll_out_by_hand(self) -> None:
        """Set it up by hand as who goes over by docker-rollout does: two ports, and NGINX that knows both."""
        self.release("page 0")
        ports = f"{self.port}-{self.port + 1}"
        conf = ROLLOUT_NGINX.replace("DOMAIN", self.domain)
        conf = conf.replace("FIRST", str(self.port)).replace("SECOND", str(self.port + 1))
        folder = self.machine.root / "opt" / self.domain
        folder.mkdir()
        (folder / "docker-compose.yml").write_text(COMPOSE.format(image=self.image, port=ports))
        (folder / "rollout.sh").write_text(ROLLOUT)
        (self.machine.root / "etc/nginx/conf.d" / f"{self.domain}.conf").write_text(conf)
        self.machine.run(f"cd /opt/{self.domain} && docker compose up --detach && systemctl reload nginx")

    def by_rollout(self) -> Command:
        """As docker-rollout does it."""
        return self.remotely(f"bash rollout.sh {ROLLOUT_WAITS}")

    def by_push(self) -> Command:
        """`deploy push`."""
        return Command([DEPLOY, "push", self.domain, "--yes"], self.folder)

    def by_compose(self) -> Command:
        """What most people do."""
        return self.remotely("docker compose pull && docker compose up --detach")

    def by_stopping(self) -> Command:
        """What Watchtower does: pull, stop, remove, create anew and start, all through Docker."""
        run = f"docker run --detach --name {self.container} --restart unless-stopped"
        return self.remotely(
            f"docker pull {self.image} && docker stop {self.container} && docker rm {self.container} && "
            f"{run} --publish 127.0.0.1:{self.port}:80 {self.image}"
        )
