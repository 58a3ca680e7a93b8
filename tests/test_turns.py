"""No case is forgotten: in three turns each runs once, and each run has some of each table."""

import subprocess
from pathlib import Path

import pytest

from turns import EVERY, TURNS, commits, share, tables, told, waiting

SIZES = range(1, 3 * TURNS)


@pytest.mark.parametrize("begin", [0, 1, 7000])
@pytest.mark.parametrize("size", SIZES)
def test_in_all_turns_from_any_on_each_case_runs_once(size: int, begin: int) -> None:
    cases = [f"case {number}" for number in range(size)]
    runs = [share(cases, "table", str(begin + turn)) for turn in range(min(TURNS, size))]
    assert sorted(case for run in runs for case in run) == sorted(cases)
    assert all(runs)
    assert max(map(len, runs)) - min(map(len, runs)) <= 1
    assert all(run == sorted(run, key=cases.index) for run in runs)


def test_what_waits_are_all_others_of_each_table() -> None:
    names = ("one", "two", "three", "four")
    found = {
        name: {f"{name} {case}": [f"{name} {case} a", f"{name} {case} b"] for case in range(9)}
        for name in names
    }
    waits = waiting(found, "5")
    ran = {
        name: [case for case, tests in cases.items() if not waits & {*tests}] for name, cases in found.items()
    }
    assert ran == {name: share([*cases], name, "5") for name, cases in found.items()}
    assert len(waits) == 2 * (4 * 9 - sum(map(len, ran.values())))
    assert len({tuple([*found[name]].index(case) for case in cases) for name, cases in ran.items()}) > 1
    assert waiting(found, EVERY) == set()


def test_each_of_our_tables_has_cases_that_can_take_turns(collected: tuple[pytest.Item, ...]) -> None:
    assert [name for name, cases in tables(collected).items() if len(cases) == 1] == []


def test_the_next_commit_has_the_next_turn(tmp_path: Path) -> None:
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    name = ("-c", "user.name=Alma", "-c", "user.email=alma@example.org")

    def git(*arguments: str | Path) -> str:
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout

    git("init", "-q", whole)
    found = []
    for _ in range(2):
        git("-C", whole, *name, "commit", "-q", "--allow-empty", "-m", "Go on")
        found.append(commits(whole))
    assert found == [1, 2]
    git("clone", "-q", "--depth", "1", f"file://{whole}", shallow)
    assert commits(shallow) == int(git("-C", whole, "rev-parse", "HEAD"), 16)


def test_how_a_turn_is_had_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN", "2")
    assert "TURN=2" in told()
    assert "EVERY_CASE=1" in told()
    assert share("abcdef") == share("abcdef", "", "2") != [*"abcdef"]
