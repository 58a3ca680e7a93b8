"""Sites and services with a compose file of their own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from deployer.rehearsal.machine import Machine
from vps.services.conftest import REGISTRY
from vps.walk.entries import Entry, plain_project
from vps.walk.live import Live
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk

IMAGE = f"{REGISTRY}/walk:1"
PAGE = "/www/index.html"
SERVE = (
    "[ -e /data/first ] || cat /proc/sys/kernel/random/uuid >/data/first; "
    f"[ -e /image ] || mv {PAGE} /image; echo {{page}}$SAID $(cat /data/first) >{PAGE}; exec httpd -f -p 80 -h /www"
)
SAYS = ' it\'s "$HOME" #1'
"""What stands in its `environment:` besides: quotes, a variable of nobody, a remark."""
BY_HAND = "by-hand"
"""A network that was made by hand, which several may be in."""
CRASH = "echo this one is broken; exit 3"


@dataclass(frozen=True, kw_only=True)
class Compose(Entry):
    """Containers of a compose file of its own.

    `called` is its `name:`, `as_project` the key `project`, `said` how often its `environment:` was changed.
    """

    kind: ClassVar[str] = "compose"
    pushed: ClassVar[bool] = True
    port: int
    volumes: frozenset[str] = frozenset({"data"})
    called: str = ""
    as_project: str = ""
    directory: str = ""
    restart: str = "unless-stopped"
    broken: bool = False
    own_image: bool = False
    said: int = 0
    shares: bool = False

    @property
    def reason(self) -> str:
        return "its container ends with 3" if self.broken else super().reason

    def keys(self, name: str) -> dict[str, Any]:
        found = super().keys(name) | {
            "file": f"{self.owner}.yml",
            "wait": "30s",
            "watch": "0",
            "secrets": {"TOKEN": "generate"},
        }
        found |= {"port": self.port} if "." in name else {}
        found |= {"environment": {"SAID": f".s{self.said}{SAYS}"}} if self.said else {}
        found |= {"directory": self.directory} if self.directory else {}
        return found | ({"project": self.as_project} if self.as_project else {})

    def files(self) -> dict[str, str]:
        page = f"{self.page}$(cat /image)" if self.own_image else self.page
        command = CRASH if self.broken else SERVE.format(page=page)
        app = {
            "image": f"{REGISTRY}/{self.owner}:1" if self.own_image else IMAGE,
            "command": ["sh", "-c", command.replace("$", "$$")],
            "ports": [f"127.0.0.1:{self.port}:80"],
            "volumes": ["data:/data"],
            "environment": {"TOKEN": "${TOKEN:?is missing}", "SAID": "${SAID-}"},
            "restart": self.restart,
            "stop_signal": "SIGKILL",
        }
        file = {"name": self.called} if self.called else {}
        file |= {"services": {"app": app}, "volumes": {"data": {}}}
        if self.shares:
            app["networks"] = ["default", "all"]
            file["networks"] = {"all": {"external": True, "name": BY_HAND}}
        return {f"{self.owner}.yml": json.dumps(file, indent=1)}

    def answer(self, name: str, live: Live) -> str:
        image = live.images[self.owner] if self.own_image else ""
        return "503" if name in live.stopped else self.page + image + (f".s{self.said}" if self.said else "")

    def prepare(self, vps: Machine) -> None:
        """The network that is nobody's."""
        if self.shares:
            vps.run(f"docker network inspect {BY_HAND} >/dev/null 2>&1 || docker network create {BY_HAND}")

    def ports(self) -> frozenset[int]:
        return frozenset({self.port})

    def folder(self, name: str) -> str:
        return self.directory or f"/opt/{name}"

    def project(self, name: str) -> str:
        return self.as_project or self.called or plain_project(self.folder(name))

    def containers(self, name: str) -> object:
        return (self.project(name), self.folder(name), self.files(), self.said)

    def publish(self, walk: Walk, name: str) -> None:
        """Its own image, if it has one; the shared one is as it was."""
        if self.own_image:
            whose, images = walk.live.generations.get(name, ("", []))
            images = images if whose == self.owner else [walk.live.images[self.owner]]
            newest = walk.new_image(self.owner)
            walk.live.generations[name] = (self.owner, [*images, newest])
            walk.live.images[self.owner] = newest


def free(walk: Walk) -> Iterator[Arguments]:
    """A name that nothing has, and a port that nothing has."""
    yield from ((name, str(port)) for name in walk.names_for("compose") for port in walk.free_ports())


@step(3, free)
def compose(walk: Walk, name: str, port: str) -> None:
    """A new site or service with a compose file; or something of another kind becomes one."""
    walk.wanted[name] = Compose(owner=walk.new_owner(), port=int(port))


@step(2, lambda walk: ((name,) for name in walk.of(Compose)))
def version(walk: Walk, name: str) -> None:
    """Its compose file changes."""
    walk.change(name, version=walk.wanted[name].version + 1)


@step(3, lambda walk: ((name, str(port)) for name in walk.of(Compose) for port in walk.free_ports()))
def port(walk: Walk, name: str, port: str) -> None:
    """It moves to another port."""
    walk.change(name, port=int(port))


@step(2, lambda walk: ((one, two) for one in walk.of(Compose) for two in walk.of(Compose) if one < two))
def swap_ports(walk: Walk, one: str, two: str) -> None:
    """Two swap their ports."""
    first, second = walk.wanted[one].port, walk.wanted[two].port
    walk.change(one, port=second)
    walk.change(two, port=first)


@step(1, lambda walk: ((one, two) for one in walk.of(Compose) for two in walk.of(Compose) if one != two))
def take_port(walk: Walk, one: str, two: str) -> None:
    """One takes the port of another, which moves on to a free one: a chain."""
    mine = walk.wanted[two].port
    walk.change(two, port=walk.free_ports()[0])
    walk.change(one, port=mine)


def projects(walk: Walk, other: str) -> Iterator[Arguments]:
    """A name for what the other place, the key or the compose file, does not say already; only one of them may."""
    for name in walk.of(Compose):
        yield from (
            (name, called) for called in walk.free_projects() if not getattr(walk.wanted[name], other)
        )


@step(2, lambda walk: projects(walk, "as_project"))
def call(walk: Walk, name: str, called: str) -> None:
    """The `name:` of its compose file changes; `-` takes it away."""
    walk.change(name, called="" if called == "-" else called)


@step(1, lambda walk: projects(walk, "called"))
def project(walk: Walk, name: str, called: str) -> None:
    """The key `project` is written; `-` takes it away."""
    walk.change(name, as_project="" if called == "-" else called)


def with_projects(walk: Walk) -> Iterator[Arguments]:
    """Two whose projects are written."""
    names = [name for name in walk.of(Compose) if walk.wanted[name].as_project]
    yield from ((one, two) for one in names for two in names if one < two)


@step(2, with_projects)
def swap_projects(walk: Walk, one: str, two: str) -> None:
    """Two swap their projects."""
    first, second = walk.wanted[one].as_project, walk.wanted[two].as_project
    walk.change(one, as_project=second)
    walk.change(two, as_project=first)


@step(1, lambda walk: ((name,) for name in walk.of(Compose) if not walk.wanted[name].broken))
def break_(walk: Walk, name: str) -> None:
    """What it shall be ends at once, so that it cannot come up."""
    walk.change(name, broken=True)


@step(2, lambda walk: ((name,) for name in walk.of(Compose) if walk.wanted[name].broken))
def mend(walk: Walk, name: str) -> None:
    """It could come up again."""
    walk.change(name, broken=False)


@step(0.5, lambda walk: ((name,) for name in walk.of(Compose)))
def restart_policy(walk: Walk, name: str) -> None:
    """It is no longer started again by Docker, or is again."""
    entry = walk.wanted[name]
    walk.change(name, restart="no" if entry.restart == "unless-stopped" else "unless-stopped")


@step(0.7, lambda walk: ((name,) for name in walk.of(Compose)))
def shared_network(walk: Walk, name: str) -> None:
    """It is in a network that was made by hand, together with others, or no longer."""
    walk.change(name, shares=not walk.wanted[name].shares)
