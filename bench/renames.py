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


@dataclass(frozen=True)
class Case:
    """Besides the name: a project in the compose file, a mounted file, another port, the folder of before."""

    project: bool = False
    mounts: bool = False
    away: int = 0
    folder: bool = False


CASES = {
    "another name": Case(),
    "another name and another port": Case(away=10),
    "another name, `name:` in the compose file": Case(project=True),
    "the same, and a file of its folder is mounted": Case(project=True, mounts=True),
    "another name, `directory:` with the folder of before": Case(mounts=True, folder=True),
}


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
        case = CASES[self.case]
        head = f"name: project-{self.key}\n" if case.project else ""
        return head + COMPOSE.format(image=self.image, port=self.port) + (MOUNTED if case.mounts else "")

    @property
    def place(self) -> str:
        """Its folder on the server."""
        return f"/opt/{self.key if CASES[self.case].folder else self.name}"

    def next(self) -> "Renamed":
        """As it shall be after one more rename."""
        away = CASES[self.case].away * (-1 if self.number % 2 else 1)
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
    each_way = enumerate(cases)
    services = {way: Renamed(machine, folder, service.image, *way, 8300 + number) for number, way in each_way}
    for each in services.values():
        if each.way == DEPLOYED:
            wanted(config, each)
        else:
            machine.run(f"mkdir {each.place} && echo page >{each.place}/page.html")
            machine.run(f"cat >{each.place}/docker-compose.yml", input=each.compose)
            front = FRONT.format(domain=each.domain, port=each.port)
            machine.run(f"cat >/etc/nginx/conf.d/{each.key}.conf", input=front)
            machine.run(f"docker compose --project-directory {each.place} up --detach")
    path.write_text(json.dumps(config))
    timed(Command([DEPLOY, "apply", "--yes", "--take-off", str(ends)], folder))
    return services


def wanted(config: dict[str, dict[str, object]], each: Renamed) -> None:
    """Write the service and the domain in front of it into sites.yaml."""
    (each.folder / f"{each.key}.yml").write_text(each.compose)
    service = {"kind": "compose", "file": f"{each.key}.yml", "wait": "40s", "watch": "0"}
    folder = {"directory": each.place} if CASES[each.case].folder else {}
    config["services"][each.name] = service | folder
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
    old, new = (f"docker compose --project-directory {each.place}" for each in (now, after))
    lines = [f"{new} up --detach"]
    if now.port != after.port:
        lines = [
            f"sed -i 's/127.0.0.1:[0-9]*:80/127.0.0.1:{after.port}:80/' {after.place}/docker-compose.yml",
            *lines,
            f"sed -i 's/127.0.0.1:[0-9]*/127.0.0.1:{after.port}/' /etc/nginx/conf.d/{now.key}.conf",
            "nginx -s reload",
            f"{old} down",
        ]
    elif now.place != after.place and not CASES[now.case].project:
        lines.insert(0, f"{old} down")
    if now.place != after.place:
        lines = [f"cp -r {now.place} {after.place}", *lines, f"rm -r {now.place}"]
    machine = now.machine
    argv = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
    return Command([*argv, " && ".join(lines)])


WAYS = {DEPLOYED: by_deploy, BY_HAND: by_hand}
