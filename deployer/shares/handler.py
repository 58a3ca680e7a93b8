"""What a changed file asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatch


class Stage(IntEnum):
    """When a handler runs, after those whose work it may need; what could lock out comes last."""

    LOOK = 1
    USERS = 2
    FOLDERS = 3
    READERS = 4
    UNITS = 5
    TIMERS = 6
    LIMITS = 7
    PROGRAMS = 8
    SERVING = 9
    SERVED = 10
    KERNEL = 11
    PACKAGES = 12
    SWAP = 13
    JAILS = 14
    LOGINS = 15
    FIREWALL = 16


@dataclass(frozen=True, slots=True)
class Handler:
    """Files whose path matches are checked by one command before they count, and count by another.

    A command is a function of bash, from the file beside the module that has the handler, and a word for it
    at most; a check gets the paths behind that, those of its files that are there. Whatever is undone later
    runs without apply.sh. `who` is what checks, as a person calls it. Patterns are those of fnmatch; `*`
    reaches across folders. Both commands run as root, in the order of the stages, once each, also when a
    matching file is removed. What is guarded could lock out: it counts last, and is undone unless a new
    login proves it good. When files are put back, `back` runs, or `live` where there is none; `also` are
    paths that are put back with them. Of values in a .env it also follows those whose names match `values`.
    """

    pattern: str
    stage: Stage
    check: str = ""
    live: str = ""
    says: str = ""
    who: str = "the server"
    guarded: bool = False
    back: str = ""
    also: tuple[str, ...] = ()
    values: str = ""

    def concerns(self, path: str) -> bool:
        """Whether a change of this path asks for it."""
        return fnmatch(path, self.pattern)

    def concerns_value(self, name: str) -> bool:
        """Whether a change of a value of this name asks for it."""
        return fnmatch(name, self.values)

    def guards(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of the paths that could lock out, and what goes with them."""
        if not self.guarded:
            return ()
        return (*(path for path in paths if self.concerns(path)), *self.also)
