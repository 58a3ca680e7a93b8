"""The faults that tests inject, as the table of docs/faults.md."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs/faults.md"
HEAD = "| fault | rounds | test |\n|---|---|---|\n"


def rows(items: Iterable[pytest.Item]) -> list[str]:
    """A row for each fault that a test injects; its rounds are those on one Debian."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for item in items:
        for marker in item.iter_markers("fault"):
            path, _, name = item.nodeid.partition("::")
            test, _, parameters = name.partition("[")
            case = re.sub(r"debian-\d+", "", parameters)  # the same round on another Debian counts once
            rounds = found.setdefault((f"{path}::{test}", marker.args[0]), {})
            rounds[case] = marker.kwargs.get("rounds", 1)
    table = sorted((what, sum(rounds.values()), test) for (test, what), rounds in found.items())
    return [f"| {what} | {rounds} | `{test.removeprefix('tests/')}` |\n" for what, rounds, test in table]


def page(items: Iterable[pytest.Item]) -> str:
    """The page with the table made anew; what stands before the table is written by hand."""
    return PAGE.read_text().partition(HEAD)[0] + HEAD + "".join(rows(items))
