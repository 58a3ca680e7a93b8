"""What an owner wants: all that sites.yaml says, and what it could say."""

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vps.walk.entries import Entry
from vps.walk.ground import DOMAINS

SERVICES = ("alpha", "beta")
PORTS = tuple(range(8101, 8109))
PROJECTS = ("one", "two", "three")
FOLDERS = ("/opt/first", "/opt/second")
LET_IN = frozenset({"22/tcp", "80/tcp", "443/tcp"})
"""What a firewall always lets in."""


class Wishes:
    """`wanted` has the sites and services of sites.yaml, `more` its other keys, `may_push` what a key may push."""

    def __init__(self) -> None:
        self.wanted: dict[str, Entry] = {}
        self.more: dict[str, Any] = {}
        self.may_push, self.backed_up = "", False
        self.owners = 0

    def new_owner(self) -> str:
        """Somebody who was nobody before."""
        self.owners += 1
        return f"o{self.owners}"

    def names_for(self, kind: str) -> list[str]:
        """The names that sites.yaml does not have, and those that are of another kind."""
        return [*self.free_names(), *(name for name, entry in self.wanted.items() if entry.kind != kind)]

    def domains_for(self, kind: str) -> list[tuple[str, ...]]:
        """Those of them that are domains, each as the only argument."""
        return [(name,) for name in self.names_for(kind) if "." in name]

    def free_names(self) -> list[str]:
        """The names that sites.yaml does not have."""
        aliases = {alias for entry in self.wanted.values() for alias in entry.aliases}
        return [name for name in (*DOMAINS, *SERVICES) if name not in {*self.wanted, *aliases}]

    def free_ports(self) -> list[int]:
        """The ports that nothing in sites.yaml has."""
        taken = {port for entry in self.wanted.values() for port in entry.ports()}
        return [port for port in PORTS if port not in taken]

    def free_projects(self) -> list[str]:
        """The names that no project has, and none."""
        taken = {entry.project(name) for name, entry in self.wanted.items()}
        return [name for name in ("-", *PROJECTS) if name not in taken]

    def of(self, kind: type[Entry]) -> list[str]:
        """The names in sites.yaml that are of a kind."""
        return [name for name, entry in self.wanted.items() if isinstance(entry, kind)]

    @property
    def file(self) -> object:
        """All that sites.yaml says."""
        return copy.deepcopy((self.wanted, self.more, self.may_push, self.backed_up))

    @property
    def saved(self) -> frozenset[str]:
        """The names that are to be backed up."""
        entries = self.wanted.items() if self.backed_up else ()
        return frozenset(
            name
            for name, entry in entries
            if entry.folder(name) and entry.keeps and entry.backup is not False
        )

    def open(self, entries: Iterable[Entry]) -> frozenset[str] | None:
        """The ports that the firewall shall let in when these are there; None when it is left alone."""
        security = self.more.get("security") or {}
        if security.get("firewall", False) is False:
            return None
        own = {port for entry in entries for port in entry.public_ports()}
        return LET_IN | own | {*security["firewall"].get("allow", ())}

    def change(self, name: str, **values: object) -> None:
        """Change an entry of sites.yaml."""
        self.wanted[name] = replace(self.wanted[name], **values)  # type: ignore[arg-type]
