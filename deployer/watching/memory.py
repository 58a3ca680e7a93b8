"""What a watch remembers from one round to the next, and what of a round is news; pure."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from deployer.watching.trouble import Trouble
from deployer.watching.visits import Target

TWICE = 2
"""Rounds in which something must be seen, or be gone, before it is told."""


@dataclass(frozen=True, slots=True)
class Known:
    """A trouble: since when, in how many rounds it was seen or was gone, and whether it was told."""

    what: str
    since: float
    seen: int = 1
    gone: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """When the last round was, what is not well by its key, and the names of sites, as the server said."""

    time: float = 0
    known: Mapping[str, Known] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: troubles that are new, and those that are no more."""

    new: Mapping[str, Known] = field(default_factory=dict)
    well: Mapping[str, Known] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.new or self.well)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round has seen. `unasked` are the first words of keys that could not be looked at, `busy` the
    sites that somebody is changing just now, or has stopped on purpose; `*`: all of them."""

    troubles: tuple[Trouble, ...]
    unasked: Collection[str] = ()
    busy: Collection[str] = ()

    def excused(self, trouble: Trouble) -> bool:
        """Whether somebody's work may be the reason."""
        return "*" in self.busy or trouble.site in self.busy


def turn(memory: Memory, seen: Round, now: float, gap: float) -> tuple[Memory, News]:
    """What is remembered after this round, and what is to be told of it.

    After a silence longer than the gap, as of a machine that was off, what was not told begins anew.
    """
    silent = now - memory.time > gap
    before = {key: known for key, known in memory.known.items() if known.told or not silent}
    after: dict[str, Known] = {}
    for trouble in seen.troubles:
        known = before.get(trouble.key)
        if known:
            count = known.seen + (not seen.excused(trouble))
            after[trouble.key] = replace(known, what=trouble.what, seen=count, gone=0)
        elif not seen.excused(trouble):
            after[trouble.key] = Known(trouble.what, now)
    for key, known in before.items():
        if key in after:
            continue
        if key.partition(" ")[0] in seen.unasked:
            after[key] = known
        elif known.told:
            after[key] = replace(known, gone=known.gone + 1)
    new = {
        key: known for key, known in after.items() if known.seen >= TWICE and not (known.told or known.gone)
    }
    well = {key: known for key, known in after.items() if known.gone >= TWICE}
    return replace(memory, time=now, known=after), News(new, well)


def settled(memory: Memory, news: News) -> Memory:
    """What is remembered once the news has been told."""
    known = {key: replace(each, told=each.told or key in news.new) for key, each in memory.known.items()}
    return replace(memory, known={key: each for key, each in known.items() if key not in news.well})


def written(memory: Memory) -> str:
    """As it lies in a file."""
    return json.dumps(asdict(memory), indent=1)


def read(text: str) -> Memory:
    """What lies in a file; raises ValueError for what is none of ours, or was cut off."""
    try:
        said: dict[str, Any] = json.loads(text)
        known = {str(key): _known(**each) for key, each in said["known"].items()}
        return Memory(float(said["time"]), known, targets(said["targets"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("this is not what a watch remembers") from error


def _known(what: str, since: float, seen: int, gone: int, told: bool) -> Known:
    return Known(str(what), float(since), int(seen), int(gone), bool(told))


def targets(every: Iterable[Mapping[str, str]]) -> tuple[Target, ...]:
    """The names that visitors use."""
    return tuple(Target(**each) for each in every)
