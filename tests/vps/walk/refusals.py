"""What an apply may refuse, and what is live when it did."""

import subprocess
from dataclasses import dataclass

from vps.walk.entries import NOBODY, Entry
from vps.walk.live import Live, linked, resources
from vps.walk.seen import Seen
from vps.walk.visitors import who
from vps.walk.walk import Fault, Walk


@dataclass(frozen=True)
class Reason:
    """Why something may be refused; if `sure`, it has to be."""

    why: str
    sure: bool = True


def reasons(walk: Walk, aimed: Live, before: Seen) -> dict[str, Reason]:
    """Why some of it is refused: it is broken, something made by hand is in the way, or what is not named."""
    found = {}
    for name, entry in aimed.entries.items():
        if entry == walk.live.entries.get(name) and name not in walk.live.unsure:
            continue
        was = [each for each in walk.live.possible(name) if each]
        folders = {each.folder(name) for each in was} - {"", entry.folder(name)}
        data = {each.project(name) for each in was if each.volumes & entry.volumes} - {entry.project(name)}
        known = name not in walk.live.unsure  # else it may have become what it shall be already
        others = {other: resources(other, [each]) for other, each in aimed.entries.items() if other != name}
        clash = [other for other, has in others.items() if has & resources(name, [entry])]
        if entry.reason:
            found[name] = Reason(entry.reason)
        elif by_hand := walk.live.by_hand & {name, *entry.aliases}:
            found[name] = Reason(f"{', '.join(by_hand)} is served by hand")
        elif entry.folder(name) and folders:
            found[name] = Reason(f"it stands in {', '.join(folders)}", known)
        elif data & stay(before):
            found[name] = Reason(f"its data is of the project {', '.join(data & stay(before))}", known)
        elif clash:
            known &= not {*clash} & {*walk.live.unsure, *walk.disturbed}  # whose containers may be gone
            found[name] = Reason(f"{', '.join(clash)} is not named, and has what it needs", known)
    return found


def stay(seen: Seen) -> set[str]:
    """The projects that have containers and volumes."""
    return {each.project for each in seen.containers if f"{each.project}_data" in seen.volumes}


def outcome(
    walk: Walk,
    done: subprocess.CompletedProcess[str],
    aimed: Live,
    found: dict[str, Reason],
    answers: dict[str, str],
    names: tuple[str, ...],
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
        if name in {*walk.disturbed, *walk.live.unsure} and names and name not in names:
            continue  # as an accident left it
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
    fitting.sort(key=lambda entry: len(walk.live.answers(name, entry)), reverse=True)
    return fitting[0] if fitting else None if None in before else before[0]


def matches(walk: Walk, name: str, live: Live, answers: dict[str, str]) -> bool:
    """Whether a name is what a model says, by its answers or its compose file."""
    entry = live.entries.get(name)
    if entry:
        return shows(walk, name, entry, answers)
    if any(
        (walk.vps.root / f"etc/{place}/{name}.conf").exists() for place in ("nginx/conf.d", "deploy/sites")
    ):
        return False
    gone = [each for other in walk.live.possible(name) for each in walk.live.answers(name, other)]
    return all(answers.get(each, "closed") in NOBODY for each in gone if each not in live.all_answers)


def shows(walk: Walk, name: str, entry: Entry, answers: dict[str, str]) -> bool:
    """Whether an entry is what is there."""
    expected = walk.live.answers(name, entry)
    if not all(who(answers.get(each, "closed")) == text for each, text in expected.items()):
        return False
    if not entry.folder(name):
        return True
    file = walk.vps.root / entry.folder(name)[1:] / "docker-compose.yml"
    values = walk.vps.root / f"etc/deploy/sites/{name}.conf"
    called = not values.exists() or f"\nPROJECT={entry.project(name)}\n" in values.read_text()
    return called and file.exists() and entry.is_in(file.read_text())
