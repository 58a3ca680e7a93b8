"""A walk: what an owner has here, and what the server has by now; steps change both."""

import copy
import subprocess
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from vps.project import Project
from vps.walk.entries import Entry
from vps.walk.ground import DOMAINS, Ground
from vps.walk.live import Live
from vps.walk.vocabulary import load

SERVICES = ("alpha", "beta")
PORTS = tuple(range(8101, 8109))
PROJECTS = ("one", "two", "three")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example.org"
FOLDERS = ("/opt/first", "/opt/second")


DIFF = "    "
"""How the lines of a file begin in a plan."""


class Fault(AssertionError):
    """A rule that is broken, with what broke it."""

    def __init__(self, rule: str, *words: str) -> None:
        self.rule, self.words = rule, words
        lines = [line for text in words for line in text.splitlines() if not line.startswith(DIFF)]
        super().__init__("\n  ".join((rule.replace("_", " "), *lines)))


class Walk:
    """A server and its owner.

    `wanted` is what sites.yaml says, `more` its other keys, `may_push` what a key may push, `live` what the server has, and `disturbed` has
    the names that an accident may have changed since; `done` is what sites.yaml said when all of it went live.
    """

    def __init__(self, ground: Ground, folder: Path, say: Callable[[str], None] = print) -> None:
        self.ground, self.vps, self.say = ground, ground.vps, say
        self.project = Project(folder, ground.vps, ground.acme, {})
        self.wanted: dict[str, Entry] = {}
        self.more: dict[str, Any] = {}
        self.live = Live()
        self.disturbed: set[str] = set()
        self.owners = self.applied = 0
        self.may_push, self.backed_up = "", False
        self.done: object = None
        self.taken: list[str] = []

    # ── what a step may look at ───────────────────────────────────────────────────────────────

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

    def settled(self, kind: type[Entry]) -> list[str]:
        """Those that are on the server as sites.yaml has them."""
        return [
            name
            for name in self.of(kind)
            if self.live.entries.get(name) == self.wanted[name] and name not in self.live.unsure
        ]

    @property
    def file(self) -> object:
        """All that sites.yaml says."""
        return copy.deepcopy((self.wanted, self.more, self.may_push, self.backed_up))

    @property
    def pending(self) -> bool:
        """Whether an apply has something to do, as far as one knows."""
        return bool(self.disturbed or self.live.unsure or self.file != self.done)

    def change(self, name: str, **values: object) -> None:
        """Change an entry of sites.yaml."""
        self.wanted[name] = replace(self.wanted[name], **values)  # type: ignore[arg-type]

    # ── what a step may do ────────────────────────────────────────────────────────────────────

    def take(self, step: str) -> bool:
        """Take a step, if it makes sense now; whether it did."""
        name, *arguments = step.split()
        word = load()[name]
        if tuple(arguments) not in {*word.options(self)}:
            return False
        self.taken.append(step)
        self.say(step)
        word.act(self, *arguments)
        return True

    def deploy(
        self, *arguments: str, meanwhile: Callable[[BaseProcess], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line with sites.yaml as it is wanted."""
        self._write()
        found: dict[str, str] = {}
        for entry in self.wanted.values():
            found |= entry.environment()
        return self.project.deploy(*arguments, meanwhile=meanwhile, **found)

    def _write(self) -> None:
        entries = {name: entry.keys(name) for name, entry in self.wanted.items()}
        self.project.sites = {name: keys for name, keys in entries.items() if "." in name}
        services = {name: keys for name, keys in entries.items() if "." not in name}
        self.project.more = {"services": services, **self.more}
        if self.may_push in self.wanted and self.wanted[self.may_push].folder(self.may_push):
            self.project.more["keys"] = {"ada": {"public": PUBLIC, "push": [self.may_push]}}
        if self.backed_up:
            (self.project.folder / "backups.asc").write_text(self.ground.recipient)
            self.project.more["backups"] = {"recipient": "backups.asc"}
        for entry in self.wanted.values():
            for path, text in entry.files().items():
                (self.project.folder / path).write_text(text)
