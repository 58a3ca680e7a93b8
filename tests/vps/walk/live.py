"""What the server shall have by now, as the walk remembers it: the model."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vps.walk.entries import Entry

BY_HAND = "made-by-hand"
"""What an NGINX file that was made by hand answers."""


@dataclass
class Live:
    """What is live under each name.

    `published` is the page that was pushed last to a domain, `stopped` has what the owner has stopped,
    `unsure` the other things that a name may be since accidents, None for nothing: an apply that was interrupted may
    have ended well all the same. `releases` has the pages that a domain can be rolled back to, `images` which image
    each owner runs, `generations` whose images a name can be rolled back to, and which, and `by_hand` the names that
    an NGINX file made by hand serves.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    unsure: dict[str, tuple[Entry | None, ...]] = field(default_factory=dict)
    releases: dict[str, list[str]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    generations: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)

    def copy(self) -> "Live":
        """The same, to be changed."""
        return copy.deepcopy(self)

    def answers(self, name: str, entry: Entry | None) -> dict[str, str]:
        """What visitors of each of an entry's names get."""
        if entry is None or "." not in name:
            return {}
        scheme = "https" if entry.https else "http"
        found = dict.fromkeys(entry.aliases, entry.alias_answer(f"→ {scheme}://{name}/"))
        if not entry.https:
            return found | {name: entry.answer(name, self)}
        found |= {f"https://{alias}": answer for alias, answer in found.items()}
        plain = entry.alias_answer(f"→ https://{name}/")
        return found | {name: plain, f"https://{name}": entry.answer(name, self)}

    @property
    def all_answers(self) -> dict[str, str]:
        """What visitors of every name get."""
        return dict.fromkeys(self.by_hand, BY_HAND) | {
            each: text
            for name, entry in self.entries.items()
            for each, text in self.answers(name, entry).items()
        }

    def possible(self, name: str) -> list[Entry | None]:
        """What may be there under a name."""
        return [self.entries.get(name), *self.unsure.get(name, ())]

    @property
    def projects(self) -> dict[str, str]:
        """The Compose project of each entry that has one and runs."""
        found = {
            name: entry.project(name) for name, entry in self.entries.items() if name not in self.stopped
        }
        return {name: project for name, project in found.items() if project}

    @property
    def ports(self) -> frozenset[int]:
        """The ports where something listens."""
        running = [entry for name, entry in self.entries.items() if name not in self.stopped]
        return frozenset(port for entry in running for port in entry.ports())


def resources(name: str, entries: Iterable[Entry | None]) -> frozenset[str]:
    """What only one can have at a time: names, ports, projects, folders."""
    found = set()
    for entry in entries:
        if entry:
            found |= {f"port {port}" for port in entry.ports()}
            found |= {entry.project(name), entry.folder(name)} - {""}
            found |= {f"name {each}" for each in names_of(name, entry)}
    return frozenset(found)


def names_of(name: str, entry: Entry) -> set[str]:
    """The domains that NGINX answers for."""
    return {name, *entry.aliases} if "." in name else set()


def linked(one: str, was: Live, wanted: Mapping[str, Entry]) -> frozenset[str]:
    """The names that hand something over to each other with this one, in however many steps."""
    names = {*was.entries, *was.unsure, *wanted}
    has = {name: resources(name, [*was.possible(name), wanted.get(name)]) for name in names}
    group, more = {one}, {one}
    while more:
        more = {name for name in names - group if any(has[name] & has[each] for each in group)}
        group |= more
    return frozenset(group)
