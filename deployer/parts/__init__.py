"""One module per part of a server; a part is found by being here and having a `share`.

Beside its share a part may have, whether it is on or off: HANDLERS, what a change of its files asks for;
REMOVABLE, the paths where apply may delete what it wrote, as patterns of fnmatch; SECTIONS, what
sites.yaml calls it as long as there are files that match a regular expression; and QUESTIONS, or
`questions(config)`, what has to be known of a server (shares/question.py). The module of a kind may have
them, too, but for SECTIONS; it asks where sites.yaml has one of its kind. And a part may have
`adds(config, name, own, facts)`: what it does for what the share of an entry asks for, which is then that
entry's.
"""

import importlib
import pkgutil
import re
from collections.abc import Collection, Iterable, Iterator
from fnmatch import translate
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from deployer.shares.share import total

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.files import Side
    from deployer.seen.facts import Facts
    from deployer.shares.handler import Handler
    from deployer.shares.question import Question
    from deployer.shares.share import Share


@cache
def parts() -> tuple[ModuleType, ...]:
    """The modules of all parts, in the order of their names."""
    found = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    return tuple(module for module in found if hasattr(module, "share"))


@cache
def owners() -> tuple[ModuleType, ...]:
    """The modules of all parts and kinds: what either has for a kind of file counts for each such file."""
    from deployer import kinds

    return (*parts(), *kinds.modules())


def shares(config: "Config", facts: "Facts") -> "Iterator[Share]":
    """What each part wants of a server with these facts."""
    return (part.share(config, facts) for part in parts())


def with_parts(config: "Config", name: str, own: "Share", facts: "Facts") -> "Share":
    """The share of a site or service, with what the parts do for it."""
    return total([own, *(part.adds(config, name, own, facts) for part in adding())])


@cache
def adding() -> tuple[ModuleType, ...]:
    """The modules of those parts that do something for what an entry's share asks for."""
    return tuple(part for part in parts() if hasattr(part, "adds"))


def questions(config: "Config") -> "Iterator[Question]":
    """What the parts, and the kinds that it names, ask of a server for such a sites.yaml."""
    from deployer import kinds

    named = sorted({entry.kind for entry in config.everything.values()})
    for owner in (*parts(), *(module for kind in named for module in kinds.modules(kind))):
        yield from getattr(owner, "QUESTIONS", ())
        yield from owner.questions(config) if hasattr(owner, "questions") else ()


def consequences(path: str, before: "Side", after: "Side", facts: "Facts") -> "Iterator[str]":
    """What a person should know before this change, beyond the lines of the file."""
    for part in parts():
        yield from part.consequences(path, before, after, facts) if hasattr(part, "consequences") else ()


@cache
def shared_lines() -> dict[str, re.Pattern[str]]:
    """The lists with lines of single sites and services at their end, in order."""
    return {path: line for part in parts() for path, line in getattr(part, "LINES", {}).items()}


def drift(path: str, keys: Collection[str], facts: "Facts") -> tuple[str, ...]:
    """What the server does otherwise than such a list says, if it has these keys."""
    found = (part.drift(path, keys, facts) for part in parts() if hasattr(part, "drift"))
    return tuple(what for each in found for what in each)


@cache
def handlers() -> "tuple[Handler, ...]":
    """What changed files ask for, in the order in which it is done."""
    found = [handler for owner in owners() for handler in getattr(owner, "HANDLERS", ())]
    return tuple(sorted(found, key=lambda handler: handler.stage))


def handlers_of(paths: Iterable[str], values: Collection[str] = ()) -> "list[Handler]":
    """The handlers that a change of these paths, and of values with these names, needs, in their order."""
    paths = list(paths)
    if not paths and not values:
        return []
    return [
        each for each in handlers() if any(map(each.concerns, paths)) or any(map(each.concerns_value, values))
    ]


@cache
def called(part: ModuleType) -> str:
    """What an apply calls the owner of a part's files, if all else can go live without them; otherwise "".

    That are those that sites.yaml has a key for: what has none, such as NGINX, carries the others. What could
    lock out has one owner, for its parts are made for each other: SSH's ports, and the firewall's list.
    """
    together = [each for each in parts() if any(handler.guarded for handler in getattr(each, "HANDLERS", ()))]
    keys = [section[1] for each in together for section in getattr(each, "SECTIONS", ())[:1]]
    if part not in together:
        keys = [section[1] for section in getattr(part, "SECTIONS", ())[:1]]
    return f"{' and '.join(keys)}:" if keys else ""


@cache
def functions() -> bytes:
    """The functions that handlers name, in bash: from the files beside the modules of parts and kinds."""
    beside = (Path(owner.__file__ or "").with_suffix(".sh") for owner in owners())
    return b"".join(path.read_bytes() for path in beside if path.exists())


def looks() -> bytes:
    """What observe.sh calls where a `look` is asked, in bash: from other files beside these modules."""
    folders = Path(__file__).parent, Path(__file__).parents[1] / "kinds"
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.glob("*.look.sh")))


@cache
def sections() -> tuple[tuple[str, str], ...]:
    """What sites.yaml calls what is on as long as these files are there; others only serve something."""
    return tuple(section for part in parts() for section in getattr(part, "SECTIONS", ()))


def removable(path: str) -> bool:
    """Whether apply may delete this path; web roots, volumes, certificates and databases are only told."""
    return bool(_removable().fullmatch(path))


@cache
def _removable() -> re.Pattern[str]:
    patterns = [pattern for owner in owners() for pattern in getattr(owner, "REMOVABLE", ())]
    return re.compile("|".join(map(translate, patterns)))
