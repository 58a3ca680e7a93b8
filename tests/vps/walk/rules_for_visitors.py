"""What visitors get during an apply and after it: each rule says what is broken."""

import re
from collections.abc import Iterator
from itertools import groupby

from vps.walk.entries import NOBODY
from vps.walk.live import BY_HAND, linked
from vps.walk.round import Round
from vps.walk.visitors import who

VHOSTS = "/etc/nginx/conf.d/"
SERVER_NAMES = re.compile(r"^\s*server_name\s([^;]*);", re.MULTILINE)


def names_answer(one: Round) -> Iterator[str]:
    """Each name answers what the model says, and nobody answers for one that is not there."""
    expected = one.now.all_answers
    unknown = {
        each
        for name in one.unknown
        for entry in (*one.now.possible(name), *one.was.possible(name))
        for each in one.now.answers(name, entry)
    }
    for name, text in one.answers.items():
        if name in unknown:
            continue
        if name in expected and who(text) != expected[name]:
            yield f"{name} answers {text!r}, and not {expected[name]!r}"
        if name not in expected and text not in NOBODY:
            yield f"{name} is not there any more, and answers {text!r}"


def each_name_is_of_one(one: Round) -> Iterator[str]:
    """No two files of NGINX have the same name, whatever was refused: it would take the first of them."""
    has: dict[str, set[str]] = {}
    for path, text in one.after.texts.items():
        if path.startswith(VHOSTS) and (site := path.removeprefix(VHOSTS)[:-5]) not in one.unknown:
            for names in SERVER_NAMES.findall(text.decode()):
                for name in names.split():
                    has.setdefault(name, set()).add(site)
    yield from (
        f"{' and '.join(sorted(sites))} have the name {name}" for name, sites in has.items() if len(sites) > 1
    )


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
        own = {
            entry.answer(name, live) for live in (one.was, one.aimed, one.now) for entry in entries if entry
        }
        for visited in {key for answers in each for key in answers}:
            texts = {answers[visited] for answers in each if visited in answers}
            if one.touched(name) and visited.rpartition("://")[2] == name:
                texts |= own  # what it is may be there before its certificate is
            found.setdefault(visited, set()).update(texts | (NOBODY if one.touched(name) else set()))
    return found


def outages(one: Round, name: str) -> Iterator[tuple[float, float]]:
    """When nobody answered for a name that had something, was to have something and has: first and last.

    What was to take the name may be refused, and who had it is gone as the plan said: that waits for nobody.
    """
    lives = (one.was, one.aimed, one.now)
    texts = {live.all_answers.get(name, "") for live in lives}
    if not texts & {"", *NOBODY}:
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
