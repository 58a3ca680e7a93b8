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


def free(walk: Walk) -> list[str]:
    """The ports of programs to which nothing leads: a second name for one is an alias."""
    taken = {entry.leads_to for entry in walk.wanted.values() if isinstance(entry, Proxy)}
    return [str(port) for port in PROGRAMS if port not in taken]


@step(1, lambda walk: ((*one, port) for one in walk.domains_for("proxy") for port in free(walk)))
def proxy(walk: Walk, name: str, leads_to: str) -> None:
    """A new proxy; or something of another kind becomes one."""
    walk.wanted[name] = Proxy(owner=walk.new_owner(), leads_to=int(leads_to))


@step(0.5, lambda walk: ((name, port) for name in walk.of(Proxy) for port in free(walk)))
def proxy_to(walk: Walk, name: str, leads_to: str) -> None:
    """It leads to another program."""
    walk.change(name, leads_to=int(leads_to))
