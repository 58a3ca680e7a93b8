"""A walk: an owner edits sites.yaml, applies, has accidents; and after each apply the rules are looked at."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.walk.entries import NOBODY, Entry
from vps.walk.live import Live
from vps.walk.rules import RULES, Round, who
from vps.walk.seen import look
from vps.walk.visitors import ask_all, visiting
from vps.walk.vocabulary import load

DOMAINS = ("a.test", "b.test", "c.test", "d.test", "e.test")
SERVICES = ("alpha", "beta")
PORTS = tuple(range(8101, 8109))
PROJECTS = ("one", "two", "three")
SELDOM = 3
"""After how many applies it is looked once more whether another does nothing, and what `status` says."""


class Fault(AssertionError):
    """A rule that is broken, with what broke it."""

    def __init__(self, rule: str, words: Iterable[str]) -> None:
        self.rule, self.words = rule, tuple(words)
        super().__init__("\n  ".join((rule.replace("_", " "), *self.words)))


class Walk:
    """A server and its owner; `wanted` is what sites.yaml says, `live` what the server has."""

    def __init__(
        self, vps: Machine, folder: Path, acme: AcmeServer | None = None, say: Callable[[str], None] = print
    ):
        self.vps, self.say = vps, say
        self.project = Project(folder, vps, acme, {})
        self.wanted: dict[str, Entry] = {}
        self.live = Live()
        self.disturbed: set[str] = set()
        self.owners = self.applied = 0
        self.taken: list[str] = []

    # ── what a step may look at ───────────────────────────────────────────────────────────────

    def new_owner(self) -> str:
        """Somebody who was nobody before."""
        self.owners += 1
        return f"o{self.owners}"

    def names_for(self, kind: str) -> list[str]:
        """The names that sites.yaml does not have, and those that are of another kind."""
        return [*self.free_names(), *(name for name, entry in self.wanted.items() if entry.kind != kind)]

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

    # ── steps ─────────────────────────────────────────────────────────────────────────────────

    def take(self, step: str) -> bool:
        """Take a step, if it makes sense now; whether it did."""
        name, *arguments = step.split()
        word = load()[name]
        if tuple(arguments) not in set(word.options(self)):
            return False
        self.taken.append(step)
        self.say(step)
        word.act(self, *arguments)
        return True

    def deploy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line with sites.yaml as it is wanted."""
        self.write()
        environment = {
            key: value for entry in self.wanted.values() for key, value in entry.environment().items()
        }
        return self.project.deploy(*arguments, **environment)

    def write(self) -> None:
        """Write what is wanted, and what lies beside it."""
        entries = {name: entry.keys(name) for name, entry in self.wanted.items()}
        self.project.sites = {name: keys for name, keys in entries.items() if "." in name}
        self.project.more["services"] = {name: keys for name, keys in entries.items() if "." not in name}
        for entry in self.wanted.values():
            for path, text in entry.files().items():
                (self.project.folder / path).write_text(text)

    # ── applying ──────────────────────────────────────────────────────────────────────────────

    def aim(self, names: Iterable[str]) -> Live:
        """What the server has when everything, or what is named, goes live."""
        aimed = self.live.copy()
        if not names:
            aimed.entries = dict(self.wanted)
        for name in names:
            aimed.entries[name] = self.wanted[name]
        for name in [*aimed.stopped]:
            was, shall = self.live.entries.get(name), aimed.entries.get(name)
            if not (was and shall and was.containers(name) == shall.containers(name)):
                aimed.stopped.discard(name)
        return aimed

    def visited(self, *lives: Live) -> list[str]:
        """Every name that visitors may ask for."""
        found = {name for live in lives for name in live.all_answers}
        for live in lives:
            for name, entry in live.unsure.items():
                found |= live.answers(name, entry).keys()
        return sorted(found)

    def plan(self, *names: str) -> dict[str, Any]:
        """The plan, which must be one."""
        done = self.deploy("plan", *names, "--json")
        if done.returncode not in (0, 4):
            raise Fault("a_plan_is_made", [f"exit {done.returncode}", done.stdout, done.stderr])
        plan = json.loads(done.stdout)
        if plan["empty"] != (done.returncode == 0):
            raise Fault(
                "exit_codes_are_as_documented", [f"plan: exit {done.returncode}, empty: {plan['empty']}"]
            )
        return plan

    def apply(self, *names: str) -> None:
        """Apply, and look at all rules."""
        was, aimed = self.live, self.aim(names)
        visited = self.visited(was, aimed)
        before = look(self.vps)
        with visiting(self.vps.address, lambda: visited) as asked:
            done = self.deploy("apply", *names, "--yes")
            if done.returncode == 2 and (asks := re.search(r"--take-off \d+", done.stderr)):
                done = self.deploy("apply", *names, "--yes", *asks.group().split())
        answers = {each.name: each.text for each in ask_all(self.vps.address, visited)}
        after = look(self.vps)
        said = done.stdout + done.stderr
        self.live = self.outcome(done, aimed, answers, names)
        one = Round(
            was, aimed, self.live, before, after, said, asked.answers, answers, frozenset(self.disturbed)
        )
        self.judge(one)
        if done.returncode == 0:
            self.disturbed.clear() if not names else self.disturbed.difference_update(names)
        self.nothing_is_left(done.returncode, names)

    def judge(self, one: Round) -> None:
        """Raise the first broken rule."""
        for rule in RULES:
            if words := list(rule(one)):
                raise Fault(rule.__name__, [*words, "", *one.said.splitlines()[-40:]])

    def outcome(
        self,
        done: subprocess.CompletedProcess[str],
        aimed: Live,
        answers: dict[str, str],
        names: tuple[str, ...],
    ) -> Live:
        """What is live now: all that was wanted; or of each entry what was, if somebody had a reason to refuse."""
        reasons = {
            name: entry.reason
            for name, entry in aimed.entries.items()
            if entry.reason and entry != self.live.entries.get(name)
        }
        if done.returncode == 0:
            if reasons:
                raise Fault("what_says_✓_is_true", [f"{reasons}", done.stdout, done.stderr])
            return aimed
        if done.returncode != 1:
            raise Fault(
                "exit_codes_are_as_documented", [f"apply: exit {done.returncode}", done.stdout, done.stderr]
            )
        if not reasons:
            raise Fault(
                "nothing_is_refused_without_a_reason",
                [*done.stdout.splitlines()[-20:], *done.stderr.splitlines()],
            )
        now = aimed.copy()
        for name in {*self.live.entries, *aimed.entries}:
            if name in reasons or not self.matches(name, aimed, answers):
                now.entries.pop(name, None)
                if before := self.live.entries.get(name):
                    now.entries[name] = before
                    now.stopped |= {name} & self.live.stopped
        return now

    def matches(self, name: str, live: Live, answers: dict[str, str]) -> bool:
        """Whether a name is what a model says, by its answers or its compose file."""
        entry = live.entries.get(name)
        expected = live.answers(name, entry)
        if expected:
            return all(who(answers[each]) == text for each, text in expected.items())
        if entry:
            file = self.vps.root / entry.folder(name)[1:] / "docker-compose.yml"
            return file.exists() and file.read_text() in entry.files().values()
        return all(answers[each] in NOBODY for each in self.live.answers(name, self.live.entries[name]))

    def nothing_is_left(self, code: int, names: tuple[str, ...]) -> None:
        """After an apply that went well the next plan is empty, and the next apply does nothing."""
        if code:
            return
        if not (plan := self.plan(*names))["empty"]:
            raise Fault(
                "the_next_plan_is_empty",
                [json.dumps({key: value for key, value in plan.items() if value}, indent=1)],
            )
        self.applied += 1
        if self.applied % SELDOM:
            return
        before = look(self.vps)
        again = self.deploy("apply", *names, "--yes")
        after = look(self.vps)
        if again.returncode or after != before:
            changed = sorted(after.changed(before))
            raise Fault(
                "the_next_apply_does_nothing",
                [f"exit {again.returncode}", *changed, again.stdout, again.stderr],
            )
        self.status()

    def status(self) -> None:
        """What `status` says agrees with the model."""
        done = self.deploy("status", "--json")
        told = {site["domain"]: site["fine"] for site in json.loads(done.stdout)["sites"]}
        for name, entry in self.live.entries.items():
            if name in told and name in self.wanted and name not in self.disturbed:
                fine = entry.answer(name, self.live) not in NOBODY
                if told[name] != fine:
                    raise Fault(
                        "status_agrees", [f"{name}: fine is {told[name]}, and not {fine}", done.stdout]
                    )
