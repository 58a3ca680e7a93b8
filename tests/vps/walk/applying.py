"""An apply with everything that is looked at: before it, during it, after it."""

import re
from collections.abc import Iterable

from vps.walk.afterwards import nothing_is_left, something_is_left, status
from vps.walk.live import Live
from vps.walk.refusals import outcome, reasons
from vps.walk.round import Round
from vps.walk.rules import judge
from vps.walk.seen import Seen
from vps.walk.visitors import ask_all, visiting
from vps.walk.walk import Walk

UNWELL = "systemctl --failed --plain --no-legend; nginx -t -q 2>&1"
"""What says something only when something is not well."""


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


def runs(name: str, live: Live, seen: Seen) -> bool:
    """Whether one that was stopped on purpose runs: a file of it that comes again starts it, too."""
    project = live.entries[name].project(name)
    return any(each.running and each.project == project for each in seen.containers)


def visited(*lives: Live) -> list[str]:
    """Every name that visitors may ask for."""
    found = {name for live in lives for name in live.all_answers}
    for live in lives:
        for name, entries in live.unsure.items():
            for entry in entries:
                found |= live.answers(name, entry).keys()
    return sorted(found)


def apply(walk: Walk, *names: str) -> None:
    """Apply, and look at all rules."""
    was, aimed = walk.live, aim(walk, names)
    every = visited(was, aimed)
    for entry in aimed.entries.values():
        entry.prepare(walk.vps)
    before = walk.look()
    found = reasons(walk, aimed, before)
    with visiting(walk.vps.address, every) as asked:
        done = walk.deploy("apply", *names, "--yes")
        if done.returncode == 2 and (asks := re.search(r"--take-off \d+", done.stderr)):
            done = walk.deploy("apply", *names, "--yes", *asks.group().split())
    answers = {each.name: each.text for each in ask_all(walk.vps.address, every)}
    after = walk.look()
    aimed.stopped -= {name for name in aimed.stopped & walk.disturbed if runs(name, aimed, after)}
    walk.live = outcome(walk, done, aimed, found, answers, names)
    one = Round(
        *(was, aimed, walk.live, before, after, done.stdout + done.stderr, asked.answers, answers),
        scope=frozenset(names),
        disturbed=frozenset(walk.disturbed),
        saved=walk.saved,
        open=walk.open(walk.live.entries.values()),
        unwell=walk.vps.run(UNWELL, check=False).stdout,
    )
    judge(one)
    walk.disturbed = {*one.unknown} & walk.disturbed
    if done.returncode:
        something_is_left(walk, names, one.said)
    else:
        if not names:
            walk.done, walk.backed_up_there = walk.file, walk.backed_up
        nothing_is_left(walk, names, after)
    if walk.applied % 2 or done.returncode:
        status(walk, one.unknown)
