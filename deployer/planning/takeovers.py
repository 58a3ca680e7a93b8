"""What one entry takes over of another: a name, a port, a Compose project, a folder, a volume; pure."""

from collections import defaultdict
from collections.abc import Iterator

from deployer.planning.desired import Desired
from deployer.planning.holding import Takeover, holding, ports_in_words, ports_led_to, with_runners
from deployer.planning.inheritance import data_in
from deployer.planning.moving import compositions_there
from deployer.planning.name_moves import served, vhost
from deployer.planning.renames import entries
from deployer.seen.observation import Observation
from deployer.seen.stacks import Standing

Things = defaultdict[str, set[tuple[str, str]]]
"""What each entry has of what only one may have: the kind of it, and which one."""
AT_ODDS = {"port": ("port", "led"), "led": ("port",)}
"""Whoever is at a port has it alone, but several may lead visitors to a program that is at it."""
WORDS = {
    "name": "the name {}",
    "project": "the Compose project {}",
    "folder": "the folder {}",
    "volume": "the volume {}",
}


def takeovers(desired: Desired, seen: Observation) -> tuple[Takeover, ...]:
    """All that shall change hands; `desired` is what is wanted in the end.

    Whoever keeps such a thing, as it is refused, held or not named, keeps the other one from it.
    """
    now, shall = _has_now(desired, seen), _shall_have(desired)
    left = defaultdict(list)
    for old in sorted(now):
        for thing in now[old] - shall[old]:
            left[thing].append(old)
    taken: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for new, things in shall.items():
        for kind, what in things - now[new]:
            olds = {old for each in AT_ODDS.get(kind, (kind,)) for old in left[each, what]} - {new}
            for old in olds:
                taken[new, old, "port" if kind == "led" else kind].add(what)
    known = {*desired.names, *desired.coming}
    return tuple(
        sorted(
            Takeover(new, old, kind, words, old not in known)
            for (new, old, kind), what in taken.items()
            for words in _in_words(kind, what)
        )
    )


def _in_words(kind: str, things: set[str]) -> Iterator[str]:
    if kind == "port":
        yield ports_in_words(things)
    else:
        yield from (WORDS[kind].format(thing) for thing in sorted(things))


def _has_now(desired: Desired, seen: Observation) -> Things:
    """By what runs, and by where NGINX leads visitors, whatever became of the values for the scripts."""
    found: Things = defaultdict(set)
    places = with_runners(compositions_there(seen), desired.coming, seen.facts.stacks)
    ports = holding(places, seen.facts.stacks, seen.files)
    sharing = [standing for standing in desired.coming.values() if _named_volumes(standing)]
    for name, (folder, project) in places.items():
        found[name] = {("folder", folder), ("project", project), *(("port", port) for port in ports[name])}
        found[name] |= {("volume", each) for one in sharing for each in data_in(folder, one, seen)}
    for name in entries(seen.written):
        found[name] |= {("name", each) for each in served(name, seen)}
        found[name] |= {("led", port) for port in ports_led_to(seen.files.get(vhost(name)))}
    return found


def _shall_have(desired: Desired) -> Things:
    found: Things = defaultdict(set)
    for name, standing in desired.coming.items():
        found[name] = {("folder", standing.folder), ("project", standing.project)}
        found[name] |= {("port", port) for port in standing.ports}
        found[name] |= {("volume", each) for each in _named_volumes(standing)}
    for name, names in desired.names.items():
        found[name] |= {("name", each) for each in names}
        found[name] |= {("led", port) for port in ports_led_to(desired.files.get(vhost(name)))}
    return found


def _named_volumes(standing: Standing) -> set[str]:
    """Those that another project would have as well; folders elsewhere are often meant for several."""
    return {each for each in standing.of_any_name if "/" not in each}
