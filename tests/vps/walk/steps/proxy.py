"""Domains in front of a program that somebody else has started on the server."""

from dataclasses import dataclass
from typing import Any, ClassVar

from vps.walk.entries import Entry
from vps.walk.ground import PROGRAMS
from vps.walk.live import Live
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Proxy(Entry):
    """Leads to a program whose page is its port."""

    kind: ClassVar[str] = "proxy"
    leads_to: int

    def keys(self, name: str) -> dict[str, Any]:
        return super().keys(name) | {"port": self.leads_to}

    def answer(self, name: str, live: Live) -> str:
        return f"program-{self.leads_to}"


@step(1, lambda walk: ((*one, str(port)) for one in walk.domains_for("proxy") for port in PROGRAMS))
def proxy(walk: Walk, name: str, leads_to: str) -> None:
    """A new proxy; or something of another kind becomes one."""
    walk.wanted[name] = Proxy(owner=walk.new_owner(), leads_to=int(leads_to))


@step(0.5, lambda walk: ((name, str(port)) for name in walk.of(Proxy) for port in PROGRAMS))
def proxy_to(walk: Walk, name: str, leads_to: str) -> None:
    """It leads to another program."""
    walk.change(name, leads_to=int(leads_to))
