"""A walk: what an owner has here, and what the server has by now; steps change both."""

import copy
import subprocess
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from vps.project import Project
from vps.walk.clock import Clock
from vps.walk.entries import Entry
from vps.walk.ground import DOMAINS, Ground
from vps.walk.live import Live
from vps.walk.seen import Seen, look
from vps.walk.visitors import ask_all, who
from vps.walk.vocabulary import load

SERVICES = ("alpha", "beta")
PORTS = tuple(range(8101, 8109))
PROJECTS = ("one", "two", "three")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example.org"
FOLDERS = ("/opt/first", "/opt/second")
LET_IN = frozenset({"22/tcp", "80/tcp", "443/tcp"})
"""What a firewall always lets in."""

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
        self.owners = self.applied = self.images = 0
        self.may_push, self.backed_up = "", False
        self.done: object = None
        self.taken: list[str] = []
        self.clock = Clock()

    # ── what a step may look at ───────────────────────────────────────────────────────────────

    def new_owner(self) -> str:
        """Somebody who was nobody before."""
        self.owners += 1
        return f"o{self.owners}"

    def new_image(self, owner: str, **config: object) -> str:
        """Put a newer image of an owner into the registry; what it adds to the page."""
        self.images += 1
        mark = f".i{self.images}"
        self.ground.image(owner, mark, **config)
        return mark

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
    def saved(self) -> frozenset[str]:
        """The names that are to be backed up."""
        entries = self.wanted.items() if self.backed_up else ()
        return frozenset(
            name
            for name, entry in entries
            if entry.folder(name) and entry.keeps and entry.backup is not False
        )

    @property
    def open(self) -> frozenset[str] | None:
        """The ports that the firewall shall let in; None when it is left alone."""
        security = self.more.get("security") or {}
        if security.get("firewall", False) is False:
            return None
        own = {port for name, entry in self.wanted.items() for port in entry.public_ports()}
        return LET_IN | own | {*security["firewall"].get("allow", ())}

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
        with self.clock.of(arguments[0]):
            return self.project.deploy(*arguments, meanwhile=meanwhile, **found)

    def works(self, *arguments: str) -> None:
        """A command that must end well."""
        self._ends(0, "a_command_works", *arguments)

    def fails(self, *arguments: str, code: int = 1) -> None:
        """A command that must fail, and leave everything as it was: files, containers, and what visitors get."""
        before = self.look()
        said = self._ends(code, "what_cannot_work_fails", *arguments)
        if "Traceback" in said:
            raise Fault("words_are_for_people", said)
        after = self.look()
        changed = {
            path
            for path in after.changed(before)
            if not path.startswith(("/srv/deploy/", "/var/lib/deploy/"))
        }
        running = [
            sorted((each.project, each.running) for each in seen.containers) for seen in (before, after)
        ]
        if changed or running[0] != running[1]:
            raise Fault("a_refusal_leaves_everything_as_it_was", *sorted(changed), *map(str, running), said)
        self.answers_as_expected()

    def answers_as_expected(self) -> None:
        """Each name that is certain answers what the model says."""
        expected = {
            name: text
            for entry_name, entry in self.live.entries.items()
            if entry_name not in {*self.live.unsure, *self.disturbed}
            for name, text in self.live.answers(entry_name, entry).items()
        }
        for each in ask_all(self.vps.address, expected):
            if who(each.text) != expected[each.name]:
                raise Fault(
                    "names_answer", f"{each.name} answers {each.text!r}, and not {expected[each.name]!r}"
                )

    def _ends(self, code: int, rule: str, *arguments: str) -> str:
        done = self.deploy(*arguments)
        if done.returncode != code:
            raise Fault(
                rule, f"deploy {' '.join(arguments)}: exit {done.returncode}", done.stdout, done.stderr
            )
        return done.stdout + done.stderr

    def look(self) -> Seen:
        """See what the server has now."""
        with self.clock.of("looking"):
            return look(self.vps)

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
