"""Which cases have their turn: what strikes the same code at many points does so at a third of them in a run.

A test with `@pytest.mark.in_turns` is a table of its cases. The tests of a module with `in_turns("name")`
are one together, and so are whole modules with `pytestmark = pytest.mark.in_turns("name", of="modules")`,
whatever tables they have themselves.
`share` is what a test takes of a table that it goes through itself. Each run has some of each table, and
three commits in a row have all of it.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import pytest

TURNS = 3
EVERY = "every"
Case = TypeVar("Case")


def begin(named: bool) -> None:
    """Settle whose turn it is in this run and all its processes; where tests are named, it is everybody's."""
    if os.environ.get("EVERY_CASE", "0") != "0":
        os.environ["TURN"] = EVERY
    os.environ.setdefault("TURN", EVERY if named else str(commits(Path(__file__).parent)))


def told() -> str:
    """Whose turn it is, and how it is again, or everybody's."""
    turn = os.environ["TURN"]
    if turn == EVERY:
        return "Every case of each table has its turn."
    return f"Of each table of cases, a third has its turn: TURN={turn} takes the same, EVERY_CASE=1 all."


def share(cases: Sequence[Case], table: str = "", turn: str = "") -> list[Case]:
    """The cases whose turn it is, in their order; different tables begin at different places."""
    turn = turn or os.environ["TURN"]
    if turn == EVERY:
        return [*cases]
    begins = crc32(table.encode()) + int(turn)
    return [case for place, case in enumerate(cases) if (place + begins) % min(TURNS, len(cases)) == 0]


def waiting(tables: Mapping[str, Mapping[str, list[Case]]], turn: str = "") -> set[Case]:
    """What belongs to the cases of all tables whose turn it is not."""
    found: set[Case] = set()
    for name, cases in tables.items():
        for case in cases.keys() - {*share([*cases], name, turn)}:
            found.update(cases[case])
    return found


def tables(items: Iterable[pytest.Item]) -> dict[str, dict[str, list[pytest.Item]]]:
    """The tests of each case of each table, in their order."""
    found: dict[str, dict[str, list[pytest.Item]]] = {}
    for item in items:
        # a module whose turn it is has all of its own tables
        for marker in sorted(item.iter_markers("in_turns"), key=_of_modules, reverse=True)[:1]:
            module, _, test = item.nodeid.partition("::")
            table, case = f"{module}::{test.partition('[')[0]}", item.nodeid
            if _of_modules(marker):
                table, case = marker.args[0], module
            elif marker.args:
                table = f"{module}::{marker.args[0]}"
            found.setdefault(table, {}).setdefault(case, []).append(item)
    return found


def _of_modules(marker: pytest.Mark) -> bool:
    return marker.kwargs.get("of") == "modules"


def commits(folder: Path) -> int:
    """Their number, so that the next has the next turn; where only some are here, each has one of its own."""

    def git(*arguments: str) -> str:
        call = ["git", "-C", str(folder), *arguments]
        return subprocess.run(call, capture_output=True, text=True, check=False).stdout.strip()

    if git("rev-parse", "--is-shallow-repository") == "false":
        return int(git("rev-list", "--count", "HEAD"))
    return int(git("rev-parse", "HEAD") or "0", 16)
