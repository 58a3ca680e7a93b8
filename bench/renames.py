"""Services that get another name, by deploy and by hand, behind a domain that keeps its own."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measure import DEPLOY, Command, timed
from bench.service import COMPOSE, Service
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

FRONT = "server {{ listen 80; server_name {domain}; location / {{ proxy_pass http://127.0.0.1:{port}; }} }}"
DEPLOYED, BY_HAND = "deploy", "hand"
MOUNTED = '    volumes: ["./page.html:/page.html:ro"]\n'
PROJECT = "name: project-{key}\n"
CASES = {
    "another name": ("", "", 0),
    "another name and another port": ("", "", 10),
    "another name, `name:` in the compose file": (PROJECT, "", 0),
    "the same, and a file of its folder is mounted": (PROJECT, MOUNTED, 0),
}
"""What begins and what ends the compose file; and how far the port moves, there and back."""


@dataclass(frozen=True)
class Renamed:
    """A service without a domain, as it is called after some renames, and the domain in front of it."""

    machine: Machine
    folder: Path
    image: str
    way: str
    case: str
    port: int
    number: int = 0

    @property
    def key(self) -> str:
        """What neither a rename nor a move changes."""
        return f"{self.way}-{list(CASES).index(self.case)}"

    @property
    def domain(self) -> str:
        """Where visitors find it."""
        return f"{self.key}.example.org"

    @property
    def name(self) -> str:
        """What it is called now."""
        return f"{self.key}-{self.number}"

    @property
    def compose(self) -> str:
        """Its compose file."""
        head, end, _ = CASES[self.case]
        return head.format(key=self.key) + COMPOSE.format(image=self.image, port=self.port) + end

    def next(self) -> "Renamed":
        """As it shall be after one more rename."""
        *_, away = CASES[self.case]
        away = away if self.number % 2 == 0 else -away
        return replace(self, number=self.number + 1, port=self.port + away)


def begin(service: Service, stays: str) -> dict[tuple[str, str], Renamed]:
    """Have a service of each case by either way, and of all others only the one that stays."""
    machine, folder = service.machine, service.folder
    path = folder / "sites.yaml"
    config = json.loads(path.read_text())
    ends = len(config["sites"]) - 1
    (folder / "page.html").write_text("page\n")
    config |= {"sites": {stays: config["sites"][stays]}, "services": {}}
    cases = [(way, case) for way in WAYS for case in CASES]
    services = {
        each: Renamed(machine, folder, service.image, *each, 8300 + number)
        for number, each in enumerate(cases)
    }
    for each in services.values():
        if each.way == DEPLOYED:
            wanted(config, each)
        else:
            machine.run(f"mkdir /opt/{each.name} && echo page >/opt/{each.name}/page.html")
            machine.run(f"cat >/opt/{each.name}/docker-compose.yml", input=each.compose)
            front = FRONT.format(domain=each.domain, port=each.port)
            machine.run(f"cat >/etc/nginx/conf.d/{each.key}.conf", input=front)
            machine.run(f"docker compose --project-directory /opt/{each.name} up --detach")
    path.write_text(json.dumps(config))
    timed(Command([DEPLOY, "apply", "--yes", "--take-off", str(ends)], folder))
    return services


def wanted(config: dict[str, dict[str, object]], each: Renamed) -> None:
    """Write the service and the domain in front of it into sites.yaml."""
    (each.folder / f"{each.key}.yml").write_text(each.compose)
    config["services"][each.name] = {
        "kind": "compose", "file": f"{each.key}.yml", "wait": "40s", "watch": "0",
    }  # fmt: skip
    config["sites"][each.domain] = {"kind": "proxy", "port": each.port, "https": False}


def by_deploy(now: Renamed, after: Renamed) -> Command:
    """Write the new name into sites.yaml, and apply."""
    path = now.folder / "sites.yaml"
    config = json.loads(path.read_text())
    del config["services"][now.name]
    wanted(config, after)
    path.write_text(json.dumps(config))
    return Command([DEPLOY, "apply", "--yes"], now.folder)


def by_hand(now: Renamed, after: Renamed) -> Command:
    """What a person types: what can begin before the old one ends does."""
    old, new = (f"docker compose --project-directory /opt/{each.name}" for each in (now, after))
    lines = [
        f"cp -r /opt/{now.name} /opt/{after.name}",
        f"sed -i 's/127.0.0.1:[0-9]*:80/127.0.0.1:{after.port}:80/' /opt/{after.name}/docker-compose.yml",
    ]
    if now.compose.startswith("name:"):
        lines.append(f"{new} up --detach")
    elif now.port == after.port:
        lines += [f"{old} down", f"{new} up --detach"]
    else:
        lines += [
            f"{new} up --detach",
            f"sed -i 's/127.0.0.1:[0-9]*/127.0.0.1:{after.port}/' /etc/nginx/conf.d/{now.key}.conf",
            "nginx -s reload",
            f"{old} down",
        ]
    machine = now.machine
    argv = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
    return Command([*argv, " && ".join([*lines, f"rm -r /opt/{now.name}"])])


WAYS = {DEPLOYED: by_deploy, BY_HAND: by_hand}
