"""Sites and services with a compose file of their own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from vps.services.conftest import REGISTRY
from vps.walk.entries import Entry, plain_project
from vps.walk.live import Live
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk

IMAGE = f"{REGISTRY}/walk:1"
PAGE = "/www/index.html"
SERVE = (
    "[ -e /data/first ] || cat /proc/sys/kernel/random/uuid >/data/first; "
    f"echo {{page}} $(cat /data/first) >{PAGE}; exec httpd -f -p 80 -h /www"
)
CRASH = "echo this one is broken; exit 3"


@dataclass(frozen=True, kw_only=True)
class Compose(Entry):
    """Containers of a compose file of its own; `called` is its `name:`, `as_project` the key `project`."""

    kind: ClassVar[str] = "compose"
    port: int
    called: str = ""
    as_project: str = ""
    directory: str = ""
    restart: str = "unless-stopped"
    broken: bool = False

    def keys(self, name: str) -> dict[str, Any]:
        found = super().keys(name) | {
            "file": f"{self.owner}.yml",
            "wait": "30s",
            "watch": "0",
            "secrets": {"TOKEN": "generate"},
        }
        found |= {"port": self.port} if "." in name else {}
        found |= {"directory": self.directory} if self.directory else {}
        return found | ({"project": self.as_project} if self.as_project else {})

    def files(self) -> dict[str, str]:
        command = CRASH if self.broken else SERVE.format(page=self.page)
        app = {
            "image": IMAGE,
            "command": ["sh", "-c", command.replace("$", "$$")],
            "ports": [f"127.0.0.1:{self.port}:80"],
            "volumes": ["data:/data"],
            "environment": {"TOKEN": "${TOKEN:?is missing}"},
            "restart": self.restart,
            "stop_signal": "SIGKILL",
        }
        file = {"name": self.called} if self.called else {}
        file |= {"services": {"app": app}, "volumes": {"data": {}}}
        return {f"{self.owner}.yml": json.dumps(file, indent=1)}

    def answer(self, name: str, live: Live) -> str:
        return "502" if name in live.stopped else self.page

    def ports(self) -> frozenset[int]:
        return frozenset({self.port})

    def folder(self, name: str) -> str:
        return self.directory or f"/opt/{name}"

    def project(self, name: str) -> str:
        return self.as_project or self.called or plain_project(self.folder(name))

    def containers(self, name: str) -> object:
        return (self.project(name), self.folder(name), self.files())


def free(walk: Walk) -> Iterator[Arguments]:
    """A name that nothing has, and a port that nothing has."""
    yield from ((name, str(port)) for name in walk.names_for("compose") for port in walk.free_ports())


def composed(walk: Walk) -> list[tuple[str, Compose]]:
    """What of sites.yaml has a compose file."""
    return [(name, entry) for name, entry in walk.wanted.items() if isinstance(entry, Compose)]


def change(walk: Walk, name: str, **values: Any) -> None:
    """Change an entry with a compose file."""
    walk.wanted[name] = replace(walk.wanted[name], **values)


@step(3, free)
def compose(walk: Walk, name: str, port: str) -> None:
    """A new site or service with a compose file; or something of another kind becomes one."""
    walk.wanted[name] = Compose(owner=walk.new_owner(), port=int(port))


@step(2, lambda walk: ((name,) for name, _ in composed(walk)))
def version(walk: Walk, name: str) -> None:
    """Its compose file changes."""
    change(walk, name, version=walk.wanted[name].version + 1)


@step(3, lambda walk: ((name, str(port)) for name, _ in composed(walk) for port in walk.free_ports()))
def port(walk: Walk, name: str, port: str) -> None:
    """It moves to another port."""
    change(walk, name, port=int(port))


@step(2, lambda walk: ((one, two) for one, _ in composed(walk) for two, _ in composed(walk) if one < two))
def swap_ports(walk: Walk, one: str, two: str) -> None:
    """Two swap their ports."""
    first, second = walk.wanted[one].port, walk.wanted[two].port
    change(walk, one, port=second)
    change(walk, two, port=first)


@step(1, lambda walk: ((one, two) for one, _ in composed(walk) for two, _ in composed(walk) if one != two))
def take_port(walk: Walk, one: str, two: str) -> None:
    """One takes the port of another, which moves on to a free one: a chain."""
    mine = walk.wanted[two].port
    change(walk, two, port=walk.free_ports()[0])
    change(walk, one, port=mine)


@step(2, lambda walk: ((name, called) for name, _ in composed(walk) for called in walk.free_projects()))
def call(walk: Walk, name: str, called: str) -> None:
    """The `name:` of its compose file changes; `-` takes it away."""
    change(walk, name, called="" if called == "-" else called)


@step(1, lambda walk: ((name, called) for name, _ in composed(walk) for called in walk.free_projects()))
def project(walk: Walk, name: str, called: str) -> None:
    """The key `project` is written; `-` takes it away."""
    change(walk, name, as_project="" if called == "-" else called)


@step(1, lambda walk: ((name,) for name, entry in composed(walk) if not entry.broken))
def break_(walk: Walk, name: str) -> None:
    """What it shall be ends at once, so that it cannot come up."""
    change(walk, name, broken=True, reason="its container ends with 3")


@step(2, lambda walk: ((name,) for name, entry in composed(walk) if entry.broken))
def mend(walk: Walk, name: str) -> None:
    """It could come up again."""
    change(walk, name, broken=False, reason="")


@step(0.5, lambda walk: ((name,) for name, _ in composed(walk)))
def restart_policy(walk: Walk, name: str) -> None:
    """It is no longer started again by Docker, or is again."""
    entry = walk.wanted[name]
    change(walk, name, restart="no" if entry.restart == "unless-stopped" else "unless-stopped")
