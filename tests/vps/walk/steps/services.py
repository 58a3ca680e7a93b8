"""Kinds with a template of deploy's own, on stand-ins: their images cannot be had where this is tested."""

import re
from dataclasses import dataclass
from typing import Any

from deployer.rehearsal.machine import Machine
from vps.services.conftest import REGISTRY, registry_of
from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.stand_ins import STAND_INS, StandIn
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Service(Entry):
    """A service in place of which something answers that is well and tells its owner."""

    what: str
    port: int

    @property
    def kind(self) -> str:  # type: ignore[override]  # one class for several
        """As sites.yaml calls it."""
        return self.what

    @property
    def stand_in(self) -> StandIn:
        """What it is here."""
        return STAND_INS[self.what]

    def keys(self, name: str) -> dict[str, Any]:
        found = super().keys(name) | self.stand_in.keys | {"environment": {"OWNER": self.page}, "watch": "0"}
        if self.stand_in.inside:
            found |= {"port": self.port}
        return found | ({"vpn_port": self.port} if self.what == "wireguard" else {})

    def environment(self) -> dict[str, str]:
        return {"RUNNER_TOKEN": "a-token"}

    def answer(self, name: str, live: Live) -> str:
        return "503" if name in live.stopped else self.page

    def ports(self) -> frozenset[int]:
        return frozenset({self.port}) if self.stand_in.inside else frozenset()

    def public_ports(self) -> frozenset[str]:
        return frozenset({f"{self.port}/udp"}) if self.what == "wireguard" else frozenset()

    @property
    def keeps(self) -> bool:
        return self.stand_in.keeps

    def project(self, name: str) -> str:
        return name.replace(".", "-")

    def folder(self, name: str) -> str:
        return f"/opt/{name}"

    def containers(self, name: str) -> object:
        return (name, self.port, self.what, self.page, self.https)

    def is_in(self, text: str) -> bool:
        found = re.search(rf"\b{re.escape(self.page)}\b", text)
        return bool(found) and (not self.stand_in.inside or f":{self.port}:" in text)

    def prepare(self, vps: Machine) -> None:
        """What goes takes its image along."""
        for image, script in self.stand_in.images.items():
            if vps.run(f"docker image inspect {image} >/dev/null 2>&1", check=False).returncode:
                config = {"Entrypoint": ["sh", "-c", script], "StopSignal": "SIGKILL", "WorkingDir": "/app"}
                called = image.partition(":")[0].rpartition("/")[2]
                registry_of(vps).push(called, "", config, "")
                vps.run(f"docker pull -q {REGISTRY}/{called}:1 && docker tag {REGISTRY}/{called}:1 {image}")


def places(walk: Walk) -> list[Arguments]:
    """Each kind, a name for it, and a port that nothing has."""
    return [
        (what, name, str(port))
        for what, stand_in in STAND_INS.items()
        for name in walk.names_for(what)
        for port in walk.free_ports()
        if ("." in name and stand_in.site) or ("." not in name and stand_in.plain)
    ]


@step(1, places)
def service(walk: Walk, what: str, name: str, port: str) -> None:
    """A new service; or something of another kind becomes one."""
    walk.wanted[name] = Service(owner=walk.new_owner(), what=what, port=int(port))


@step(0.5, lambda walk: ((name, str(port)) for name in walk.of(Service) for port in walk.free_ports()))
def service_port(walk: Walk, name: str, port: str) -> None:
    """It moves to another port."""
    walk.change(name, port=int(port))
