"""An apply with everything that is looked at: before it, during it, after it."""

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from vps.walk.entries import NOBODY, Entry
from vps.walk.live import Live, linked, resources
from vps.walk.rules import RULES, Round, who
from vps.walk.seen import Seen, look
from vps.walk.visitors import ask_all, visiting
from vps.walk.walk import Fault, Walk

SELDOM = 3
"""After how many applies it is looked once more whether another does nothing, and what `status` says."""


def aim(walk: Walk, names: Iterable[str]) -> Live:
    """What the server has when everything, or what is named, goes live."""
    aimed = walk.live.copy()
    if not names:
        aimed.entries, aimed.unsure = dict(walk.wanted), {}
    for name in names:
        aimed.entries[name] = walk.wanted[name]
        aimed.unsure.pop(name, None)
    for name in [*aimed.stopped]:
        was, shall = walk.live.entries.get(name), aimed.entries.get(name)
        if not (was and shall and was.containers(name) == shall.containers(name)):
            aimed.stopped.discard(name)
    return aimed


@dataclass(frozen=True)
class Reason:
    """Why something may be refused; if `sure`, it has to be."""

    why: str
    sure: bool = True


def reasons(walk: Walk, aimed: Live, before: Seen) -> dict[str, Reason]:
    """Why some of it is refused: it is broken, something made by hand is in the way, or what is not named."""
    found = {}
    for name, entry in aimed.entries.items():
        was = walk.live.entries.get(name)
        if entry == was and name not in walk.live.unsure:
            continue
        others = {other: resources(other, [each]) for other, each in aimed.entries.items() if other != name}
        clash = [other for other, has in others.items() if has & resources(name, [entry])]
        if entry.reason:
            found[name] = Reason(entry.reason)
        elif by_hand := walk.live.by_hand & {name, *entry.aliases}:
            found[name] = Reason(f"{', '.join(by_hand)} is served by hand")
        elif was and was.folder(name) and entry.folder(name) not in ("", was.folder(name)):
            found[name] = Reason(f"it stands in {was.folder(name)}")
        elif (
            was and was.volumes & entry.volumes and was.project(name) in stay(before) - {entry.project(name)}
        ):
            found[name] = Reason(f"its data is of the project {was.project(name)}")
        elif clash:
            found[name] = Reason(f"{', '.join(clash)} is not named, and has what it needs")
    return found


def stay(seen: Seen) -> set[str]:
    """The projects that have containers and volumes."""
    return {each.project for each in seen.containers if f"{each.project}_data" in seen.volumes}


def visited(*lives: Live) -> list[str]:
    """Every name that visitors may ask for."""
    found = {name for live in lives for name in live.all_answers}
    for live in lives:
        for name, entry in live.unsure.items():
            found |= live.answers(name, entry).keys()
    return sorted(found)


def apply(walk: Walk, *names: str) -> None:
    """Apply, and look at all rules."""
    was, aimed = walk.live, aim(walk, names)
    every = visited(was, aimed)
    for entry in aimed.entries.values():
        entry.prepare(walk.vps)
    before = look(walk.vps)
    found = reasons(walk, aimed, before)
    with visiting(walk.vps.address, every) as asked:
        done = walk.deploy("apply", *names, "--yes")
        if done.returncode == 2 and (asks := re.search(r"--take-off \d+", done.stderr)):
            done = walk.deploy("apply", *names, "--yes", *asks.group().split())
    answers = {each.name: each.text for each in ask_all(walk.vps.address, every)}
    after = look(walk.vps)
    walk.live = outcome(walk, done, aimed, found, answers)
    said = done.stdout + done.stderr
    judge(
        Round(was, aimed, walk.live, before, after, said, asked.answers, answers, frozenset(walk.disturbed))
    )
    if done.returncode == 0:
        walk.disturbed -= {*names} or walk.disturbed
        walk.done = walk.done if names else walk.file
        nothing_is_left(walk, names)


def judge(one: Round) -> None:
    """Raise the first broken rule."""
    for rule in RULES:
        if words := list(rule(one)):
            raise Fault(rule.__name__, *words, "", *one.said.splitlines()[-40:])


def outcome(
    walk: Walk,
    done: subprocess.CompletedProcess[str],
    aimed: Live,
    found: dict[str, Reason],
    answers: dict[str, str],
) -> Live:
    """What is live now: all that was wanted; or of each entry what was, if there was a reason to refuse some."""
    said = (done.stdout, done.stderr)
    if done.returncode not in (0, 1):
        raise Fault("exit_codes_are_as_documented", f"apply: exit {done.returncode}", *said)
    if done.returncode == 0 and any(reason.sure for reason in found.values()):
        raise Fault("what_says_✓_is_true", *(f"{name}: {each.why}" for name, each in found.items()), *said)
    if done.returncode == 0:
        return aimed
    if not found:
        raise Fault("nothing_is_refused_without_a_reason", *said)
    now, group = aimed.copy(), set(found)
    for name in found:
        group |= linked(name, walk.live, aimed.entries)
    for name in {*walk.live.entries, *walk.live.unsure, *aimed.entries}:
        if (name not in found or not found[name].sure) and matches(walk, name, aimed, answers):
            continue
        if name not in group:
            raise Fault("one_broken_thing_harms_nothing_else", f"{name} is not as sites.yaml says", *said)
        now.entries.pop(name, None)
        if before := what_was(walk, name, answers):
            now.entries[name] = before
            now.stopped |= {name} & walk.live.stopped
    return now


def what_was(walk: Walk, name: str, answers: dict[str, str]) -> Entry | None:
    """What of a name is there still."""
    before = walk.live.possible(name)
    fitting = [entry for entry in before if entry and shows(walk, name, entry, answers)]
    return fitting[0] if fitting else None if None in before else before[0]


def matches(walk: Walk, name: str, live: Live, answers: dict[str, str]) -> bool:
    """Whether a name is what a model says, by its answers or its compose file."""
    entry = live.entries.get(name)
    if entry:
        return shows(walk, name, entry, answers)
    if (walk.vps.root / f"etc/nginx/conf.d/{name}.conf").exists():
        return False
    gone = [each for other in walk.live.possible(name) for each in walk.live.answers(name, other)]
    return all(answers.get(each, "closed") in NOBODY for each in gone)


def shows(walk: Walk, name: str, entry: Entry, answers: dict[str, str]) -> bool:
    """Whether an entry is what is there."""
    if expected := walk.live.answers(name, entry):
        return all(who(answers.get(each, "closed")) == text for each, text in expected.items())
    file = walk.vps.root / entry.folder(name)[1:] / "docker-compose.yml"
    return file.exists() and file.read_text() in entry.files().values()


def nothing_is_left(walk: Walk, names: tuple[str, ...]) -> None:
    """After an apply that went well the next plan is empty, and the next apply does nothing."""
    done = walk.deploy("plan", *names, "--json")
    if done.returncode not in (0, 4):
        raise Fault("a_plan_is_made", f"exit {done.returncode}", done.stdout, done.stderr)
    plan = json.loads(done.stdout)
    if not plan["empty"] or done.returncode:
        left = {key: value for key, value in plan.items() if value}
        raise Fault("the_next_plan_is_empty", f"exit {done.returncode}", json.dumps(left, indent=1))
    walk.applied += 1
    if walk.applied % SELDOM == 0:
        another_does_nothing(walk, names)
        status(walk)


def another_does_nothing(walk: Walk, names: tuple[str, ...]) -> None:
    """The same apply once more changes nothing."""
    before = look(walk.vps)
    done = walk.deploy("apply", *names, "--yes")
    after = look(walk.vps)
    if done.returncode or after != before:
        changed = sorted(after.changed(before))
        raise Fault(
            "the_next_apply_does_nothing", f"exit {done.returncode}", *changed, done.stdout, done.stderr
        )


def status(walk: Walk) -> None:
    """What `status` says agrees with the model."""
    done = walk.deploy("status", "--json")
    told = {site["domain"]: site["fine"] for site in json.loads(done.stdout)["sites"]}
    for name, entry in walk.live.entries.items():
        if name in told and name in walk.wanted and name not in {*walk.disturbed, *walk.live.unsure}:
            fine = entry.answer(name, walk.live) not in NOBODY
            if told[name] != fine:
                raise Fault("status_agrees", f"{name}: fine is {told[name]}, and not {fine}", done.stdout)
