"""Domains that lead elsewhere."""

from dataclasses import dataclass
from typing import Any, ClassVar

from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Redirect(Entry):
    """Leads to an address that names its owner."""

    kind: ClassVar[str] = "redirect"
    code: int = 301

    def keys(self, name: str) -> dict[str, Any]:
        return super().keys(name) | {"to": f"https://{self.page}.example.org", "code": self.code}

    def answer(self, name: str, live: Live) -> str:
        return f"→ https://{self.page}.example.org/"

    def alias_answer(self, leads_home: str) -> str:
        return f"→ https://{self.page}.example.org/"


@step(1, lambda walk: walk.domains_for("redirect"))
def redirect(walk: Walk, name: str) -> None:
    """A new redirect; or something of another kind becomes one."""
    walk.wanted[name] = Redirect(owner=walk.new_owner())


@step(1, lambda walk: ((name,) for name in walk.of(Redirect)))
def redirect_to(walk: Walk, name: str) -> None:
    """It leads to another address."""
    walk.change(name, version=walk.wanted[name].version + 1)
