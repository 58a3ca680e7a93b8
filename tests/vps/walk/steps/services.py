"""Kinds with a template of deploy's own, on stand-ins: their images cannot be had where this is tested."""

from dataclasses import dataclass
from typing import Any, ClassVar

from deployer.rehearsal.machine import Machine
from vps.services.conftest import REGISTRY, registry_of
from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.vocabulary import step
from vps.walk.walk import Walk

STAND_IN = (
    "mkdir -p /www/v1; echo '{\"healthy\": true}' >/www/v1/health; "
    "echo $OWNER >/www/index.html; exec httpd -f -p 80 -h /www"
)


@dataclass(frozen=True, kw_only=True)
class Ntfy(Entry):
    """ntfy, in place of which a server answers that is well and tells its owner."""

    kind: ClassVar[str] = "ntfy"
    pushed: ClassVar[bool] = False  # its image is in no registry
    image: ClassVar[str] = "binwiederhier/ntfy:v2"
    port: int

    def keys(self, name: str) -> dict[str, Any]:
        return super().keys(name) | {"port": self.port, "environment": {"OWNER": self.page}, "watch": "0"}

    def answer(self, name: str, live: Live) -> str:
        return "502" if name in live.stopped else self.page

    def ports(self) -> frozenset[int]:
        return frozenset({self.port})

    def project(self, name: str) -> str:
        return name.replace(".", "-")

    def folder(self, name: str) -> str:
        return f"/opt/{name}"

    def containers(self, name: str) -> object:
        return (name, self.port, self.page)

    def prepare(self, vps: Machine) -> None:
        """What goes takes its image along."""
        if vps.run(f"docker image inspect {self.image} >/dev/null 2>&1", check=False).returncode:
            config = {"Entrypoint": ["sh", "-c", STAND_IN], "StopSignal": "SIGKILL"}
            registry_of(vps).push("ntfy", "", config, "")
            vps.run(f"docker pull -q {REGISTRY}/ntfy:1 && docker tag {REGISTRY}/ntfy:1 {self.image}")


@step(0.5, lambda walk: ((*one, str(port)) for one in walk.domains_for("ntfy") for port in walk.free_ports()))
def ntfy(walk: Walk, name: str, port: str) -> None:
    """A new ntfy; or something of another kind becomes one."""
    walk.wanted[name] = Ntfy(owner=walk.new_owner(), port=int(port))


@step(0.5, lambda walk: ((name, str(port)) for name in walk.of(Ntfy) for port in walk.free_ports()))
def ntfy_port(walk: Walk, name: str, port: str) -> None:
    """It moves to another port."""
    walk.change(name, port=int(port))
