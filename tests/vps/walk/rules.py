"""What holds after each apply, and during it: each rule says what is broken."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import groupby

from vps.walk.entries import NOBODY, Entry
from vps.walk.live import BY_HAND, Live, linked
from vps.walk.seen import Seen
from vps.walk.visitors import Answer

PORTS = range(8100, 8150)
NOISE = re.compile(
    r"Traceback|fault of deploy itself|unknown option|usage:|unbound variable|command not found"
    r"|: line \d+:|[Ss]yntax error|No such file or directory"
)
TOLD = re.compile(r"^[-+~@!] (?:secret \S+ in )?(/[^\s:]+)", re.MULTILINE)
OF_THE_WORK = (
    "/etc/docker/key.json",
    "/root/.docker/*",
    "/etc/letsencrypt/*",
    "/etc/systemd/system/*.wants/*",
    *(
        "/etc/group*",
        "/etc/gshadow*",
        "/etc/passwd*",
        "/etc/shadow*",
        "/etc/subuid*",
        "/etc/subgid*",
        "/etc/.pwd.lock",
    ),
    "/srv/deploy/*",
    "/var/lib/deploy/*",
)
"""Where the state of the work itself lies: no plan names it."""


@dataclass(frozen=True)
class Round:
    """One apply: the model and the server before and after it, and what happened meanwhile.

    `wanted` is what sites.yaml says, `aimed` what the server would have if all of it went well, `disturbed` has
    the names that an accident may have changed.
    """

    was: Live
    aimed: Live
    now: Live
    before: Seen
    after: Seen
    said: str
    asked: list[Answer]
    answers: Mapping[str, str]
    disturbed: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        """Every name of an entry that was, is, or was to be."""
        return {*self.was.entries, *self.was.unsure, *self.aimed.entries}

    def touched(self, name: str) -> bool:
        """Whether the apply had something to do for the name."""
        if name in self.disturbed or name in self.was.unsure:
            return True
        return self.was.entries.get(name) != self.aimed.entries.get(name)

    def kept(self, name: str) -> Entry | None:
        """The entry, if its containers had to stay as they were."""
        was, now = self.was.entries.get(name), self.aimed.entries.get(name)
        if not was or not now or name in self.disturbed or name in self.was.unsure:
            return None
        return now if was.containers(name) == now.containers(name) != None else None  # noqa: E711


def who(text: str) -> str:
    """Who answers: a page begins with it."""
    return text if text.startswith("→") else text.partition(" ")[0]


def words_are_for_people(one: Round) -> Iterator[str]:
    """No traceback, nothing of a shell or a program that was called wrongly."""
    for line in one.said.splitlines():
        if NOISE.search(line):
            yield line


def names_answer(one: Round) -> Iterator[str]:
    """Each name answers what the model says, and nobody answers for one that is not there."""
    expected = one.now.all_answers
    unsure = {
        each
        for name in one.now.unsure
        for entry in one.now.possible(name)
        for each in one.now.answers(name, entry)
    }
    for name, text in one.answers.items():
        if name in unsure:
            continue
        if name in expected and who(text) != expected[name]:
            yield f"{name} answers {text!r}, and not {expected[name]!r}"
        if name not in expected and text not in NOBODY:
            yield f"{name} is not there any more, and answers {text!r}"


def nobody_answers_for_another(one: Round) -> Iterator[str]:
    """During the apply each name answers what was or what shall be, or nobody while it is changed."""
    told = set()
    for name, expected in expectations(one).items():
        for answer in one.asked:
            text = who(answer.text)
            if answer.name == name and text not in expected and (name, text) not in told:
                told.add((name, text))
                yield f"{name} answered {answer.text!r} meanwhile, and not {' or '.join(sorted(expected))}"


def expectations(one: Round) -> dict[str, set[str]]:
    """What visitors of each name may get during the apply."""
    found: dict[str, set[str]] = {name: {BY_HAND} for name in one.was.by_hand}
    for name in one.names:
        entries = [*one.was.possible(name), one.aimed.entries.get(name)]
        each = [live.answers(name, entry) for live in (one.was, one.aimed, one.now) for entry in entries]
        for visited in {key for answers in each for key in answers}:
            texts = {answers[visited] for answers in each if visited in answers}
            found.setdefault(visited, set()).update(texts | (NOBODY if one.touched(name) else set()))
    return found


def outages(one: Round, name: str) -> Iterator[tuple[float, float]]:
    """When nobody answered for a name that had something and was to have something: first and last."""
    was, shall = one.was.all_answers.get(name), one.aimed.all_answers.get(name)
    if was and shall and not {was, shall} & NOBODY:
        asked = [answer for answer in one.asked if answer.name == name]
        for failed, answers in groupby(asked, lambda answer: answer.text in NOBODY):
            if failed:
                times = [answer.at for answer in answers]
                yield times[0], times[-1]


def nobody_waits_for_others(one: Round) -> Iterator[str]:
    """A name is down for its own containers, and not while those of another are brought up."""
    fresh = [each for each in one.after.containers if each not in one.before.containers]
    for name in one.names - one.disturbed - one.was.unsure.keys():
        group = linked(name, one.was, one.aimed.entries)
        mine = {
            entry.project(each)
            for each in group
            for entry in (*one.was.possible(each), one.aimed.entries.get(each))
            if entry
        }
        for first, last in outages(one, name):
            for other in fresh:
                if other.project not in mine and first < other.made and other.started < last:
                    yield f"{name} was down while {other.project} came up, for {last - first:.1f} s"


def what_begins_beside_is_seamless(one: Round) -> Iterator[str]:
    """Where nothing has to end first, NGINX leads to the new place when that answers."""
    for name in one.names - one.disturbed - one.was.unsure.keys():
        was, shall = one.was.entries.get(name), one.aimed.entries.get(name)
        if (
            was
            and shall
            and not (was.folder(name) and shall.folder(name))
            and len(linked(name, one.was, one.aimed.entries)) == 1
        ):
            for first, last in outages(one, name):
                yield f"{name} ({was.kind}, then {shall.kind}) was down for {last - first:.1f} s"


def untouched_containers_stay(one: Round) -> Iterator[str]:
    """What did not change is neither made nor started anew."""
    for name in one.names:
        entry = one.kept(name)
        if entry and lives(one.before, entry.project(name)) != lives(one.after, entry.project(name)):
            yield f"the containers of {name} are not those of before"


def lives(seen: Seen, project: str) -> set[tuple[str, float]]:
    """What is other when a container was made or started anew."""
    return {(each.id, each.started) for each in seen.containers if each.project == project}


def nothing_else_runs(one: Round) -> Iterator[str]:
    """What is wanted runs, and nothing of what was removed runs, listens or is scheduled."""
    if one.now.unsure:
        return  # what is not named in an apply is as an accident left it
    wanted, running = set(one.now.projects.values()), one.after.running
    if wanted != running:
        yield f"the projects {' '.join(sorted(running)) or '(none)'} run, and not {' '.join(sorted(wanted)) or '(none)'}"
    listening = {port for port in one.after.ports if port in PORTS}
    if listening != one.now.ports:
        yield f"ports {sorted(listening)} listen, and not {sorted(one.now.ports)}"
    for name in (one.was.entries.keys() | one.was.unsure.keys()) - one.now.entries.keys():
        left = [path for path in one.after.files if is_of(name, path) and path.startswith("/etc/")]
        yield from (
            f"{path} is still there, and {name} is gone"
            for path in left
            if not path.startswith("/etc/letsencrypt/")
        )


def is_of(name: str, path: str) -> bool:
    """Whether a path is of an entry by its name."""
    return bool(
        re.search(
            rf"/(deploy-|deploy-backup-)?{re.escape(name)}(\.conf|\.before|\.after|\.service|\.timer)?$", path
        )
    )


def nothing_is_lost(one: Round) -> Iterator[str]:
    """Volumes with what is in them, and secrets, stay."""
    for volume, mark in one.before.volumes.items():
        if mark not in one.after.volumes.values():
            yield f"what was in the volume {volume} is gone"
    for secret in one.before.secrets - one.after.secrets:
        yield f"the value of {secret.partition('=')[0]} is gone"


def data_goes_along(one: Round) -> Iterator[str]:
    """What keeps its name keeps its data."""
    for name in one.names - one.disturbed - one.was.unsure.keys():
        was, now = one.was.entries.get(name), one.now.entries.get(name)
        if not (was and now and was.folder(name) and now.folder(name) and was.owner == now.owner):
            continue
        marks = [one.before.volumes.get(f"{entry.project(name)}_data") for entry in (was, now)]
        has = one.after.volumes.get(f"{now.project(name)}_data")
        if any(marks) and has not in marks:
            yield f"{name} has begun with an empty volume"


def changes_are_told(one: Round) -> Iterator[str]:
    """No path changed that the plan did not name."""
    if "+ packages " in one.said:
        return
    known = [*(f"{told}*" if told.endswith("/") else told for told in TOLD.findall(one.said)), *OF_THE_WORK]
    for path in sorted(one.after.changed(one.before)):
        if not any(fnmatch(path, pattern) for pattern in known):
            yield f"{path} changed, and the plan did not name it"


RULES: tuple[Callable[[Round], Iterator[str]], ...] = (
    words_are_for_people,
    nobody_answers_for_another,
    names_answer,
    nothing_else_runs,
    untouched_containers_stay,
    nothing_is_lost,
    data_goes_along,
    changes_are_told,
    nobody_waits_for_others,
    what_begins_beside_is_seamless,
)
