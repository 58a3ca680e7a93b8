"""A walk: what an owner has here, and what the server has by now; steps change both."""

import subprocess
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from vps.project import Project
from vps.walk.clock import Clock
from vps.walk.entries import Entry
from vps.walk.ground import Ground
from vps.walk.live import Live
from vps.walk.seen import Seen, look
from vps.walk.visitors import ask_all, who
from vps.walk.vocabulary import load
from vps.walk.wanted import Wishes

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example.org"
DIFF = "    "
"""How the lines of a file begin in a plan."""


class Fault(AssertionError):
    """A rule that is broken, with what broke it."""

    def __init__(self, rule: str, *words: str) -> None:
        self.rule, self.words = rule, words
        lines = [line for text in words for line in text.splitlines() if not line.startswith(DIFF)]
        super().__init__("\n  ".join((rule.replace("_", " "), *lines)))


class Walk(Wishes):
    """A server and its owner.

    `live` is what the server has, and `disturbed` has the names that an accident may have changed since; `done` is
    what sites.yaml said when all of it went live, and `backed_up_there` whether there were backups then.
    """

    def __init__(self, ground: Ground, folder: Path, say: Callable[[str], None] = print) -> None:
        super().__init__()
        self.ground, self.vps, self.say = ground, ground.vps, say
        self.project = Project(folder, ground.vps, ground.acme, {})
        self.live = Live()
        self.disturbed: set[str] = set()
        self.applied = self.images = self.pages = 0
        self.done: object = None
        self.backed_up_there = False
        self.taken: list[str] = []
        self.clock = Clock()

    # ── what a step may look at ───────────────────────────────────────────────────────────────

    def new_image(self, owner: str, **config: object) -> str:
        """Put a newer image of an owner into the registry; what it adds to the page."""
        self.images += 1
        mark = f".i{self.images}"
        self.ground.image(owner, mark, **config)
        return mark

    def settled(self, kind: type[Entry]) -> list[str]:
        """Those that are on the server as sites.yaml has them, and whether they are backed up, too."""
        if self.backed_up != self.backed_up_there:
            return []
        return [
            name
            for name in self.of(kind)
            if self.live.entries.get(name) == self.wanted[name] and name not in self.live.unsure
        ]

    @property
    def pending(self) -> bool:
        """Whether an apply has something to do, as far as one knows."""
        return bool(self.disturbed or self.live.unsure or self.file != self.done)

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
