"""What the server has, looked at from outside: containers, ports, files; no program runs there for it."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from deployer.rehearsal.machine import Machine

TOPS = ("etc", "opt", "srv", "usr/local", "var/www", "var/lib/deploy", "var/spool/cron", "root", "home")
TEXTS = (
    "etc/nginx/conf.d/*.conf",
    "etc/deploy/sites/*.conf",
    "etc/deploy/backup/*",
    "opt/*/docker-compose.yml",
    "opt/*/.env",
    "etc/ufw/user.rules",
    "etc/ufw/ufw.conf",
    "var/lib/deploy/transaction/paths",
)
"""Files that are read, most of them of one owner each."""
LISTENS = "0A"  # as /proc/net/tcp has it


@dataclass(frozen=True)
class Container:
    """A container of a composition, with the seconds at which it was made and started."""

    id: str
    project: str
    folder: str
    made: float
    started: float
    running: bool
    ports: frozenset[int]


class Docker(http.client.HTTPConnection):
    """Docker's socket inside the machine."""

    def __init__(self, leader: int) -> None:
        super().__init__("docker", timeout=30)
        self.socket = f"/proc/{leader}/root/run/docker.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.socket)

    def get(self, path: str) -> Any:
        """What it answers, from JSON."""
        self.request("GET", path)
        return json.load(self.getresponse())


@dataclass(frozen=True)
class Seen:
    """A server at one moment."""

    containers: tuple[Container, ...]
    ports: frozenset[int]
    files: dict[str, tuple[int, ...]]
    secrets: frozenset[str]
    volumes: dict[str, str]
    texts: dict[str, bytes]
    networks: frozenset[str]

    @cached_property
    def running(self) -> frozenset[str]:
        """The projects of which something runs."""
        return frozenset(each.project for each in self.containers if each.running)

    def changed(self, before: "Seen") -> set[str]:
        """The paths that came, went, or are no longer what they were."""
        paths = self.files.keys() | before.files.keys()
        return {path for path in paths if self.files.get(path) != before.files.get(path)}


def look(vps: Machine) -> Seen:
    """See everything."""
    inside = Path(f"/proc/{vps.leader}/root")
    secrets = {
        line[line.index("TOKEN=") :]  # also one of before, which stays as a remark
        for file in inside.glob("opt/*/.env")
        for line in file.read_text().splitlines()
        if "TOKEN=" in line
    }
    marks = {
        file.parent.parent.name: file.read_text().strip()
        for file in inside.glob("var/lib/docker/volumes/*/_data/first")
    }
    docker = Docker(vps.leader)
    networks = {
        (each["Labels"] or {}).get("com.docker.compose.project", "") for each in docker.get("/networks")
    }
    found = tuple(containers(docker))
    docker.close()
    texts = {
        f"/{file.relative_to(inside)}": file.read_bytes()
        for pattern in TEXTS
        for file in inside.glob(pattern)
    }
    return Seen(
        found,
        listening(vps.leader),
        dict(files(vps.root)),
        frozenset(secrets),
        marks,
        texts,
        frozenset(networks - {""}),
    )


def containers(docker: Docker) -> Iterator[Container]:
    """Those of compositions."""
    for short in docker.get("/containers/json?all=1"):
        each = docker.get(f"/containers/{short['Id']}/json")
        if "message" in each:  # it is gone by now
            continue
        labels = each["Config"]["Labels"]
        bound = (each["HostConfig"]["PortBindings"] or {}).values()
        yield Container(
            each["Id"],
            labels.get("com.docker.compose.project", ""),
            labels.get("com.docker.compose.project.working_dir", ""),
            seconds(each["Created"]),
            seconds(each["State"]["StartedAt"]),
            each["State"]["Running"],
            frozenset(int(binding["HostPort"]) for bindings in bound for binding in bindings),
        )


def listening(leader: int) -> frozenset[int]:
    """The TCP ports where something listens."""
    rows = [line.split() for line in Path(f"/proc/{leader}/net/tcp").read_text().splitlines()[1:]]
    return frozenset(int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENS)


def files(root: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What tells whether a file is the same, for everything that somebody may have written."""
    for top in TOPS:
        for folder, folders, names in os.walk(root / top):
            for name in (*names, *(each for each in folders if os.path.islink(f"{folder}/{each}"))):
                path = f"{folder}/{name}"
                try:
                    found = os.lstat(path)
                except FileNotFoundError:
                    continue
                yield (
                    path.removeprefix(str(root)),
                    (found.st_mtime_ns, found.st_size, found.st_mode, found.st_uid),
                )


def seconds(time: str) -> float:
    """A time of Docker's, which has nanoseconds."""
    return datetime.fromisoformat(time[:26].rstrip("Z") + "+00:00").timestamp()
