"""An owner's year in steps: those that once went wrong, and some by chance."""

from collections import Counter
from collections.abc import Iterator

import pytest

from vps.conftest import RELEASES
from vps.walk.ground import Ground
from vps.walk.paths import CASES, by_chance, shrunk, walked
from vps.walk.vocabulary import load, read

SEEDS = dict(zip(RELEASES, (503, 507), strict=True))
STEPS = 12
KNOWN = sorted(file.stem for file in CASES.glob("*.txt"))
NEWEST_FIRST = RELEASES[::-1]
"""An apply takes half as long again with the Docker of Debian 12, and more of the long cases are in even places."""


@pytest.fixture(scope="module")
def ground(release: str) -> Iterator[Ground]:
    with Ground.of(release) as ground:
        yield ground


def accidents(number: int) -> list[pytest.MarkDecorator]:
    """The faults of the cases that are tried, each on one Debian."""
    texts = [(CASES / f"{case}.txt").read_text() for case in KNOWN[2 * number :][:2]]
    words = Counter(load()[line.split()[0]].fault for text in texts for line in read(text))
    return [pytest.mark.fault(what, rounds=rounds) for what, rounds in words.items() if what]


@pytest.mark.in_turns
@pytest.mark.parametrize(
    "number", [pytest.param(each, marks=accidents(each)) for each in range((len(KNOWN) + 1) // 2)]
)
def test_what_once_went_wrong(ground: Ground, release: str, number: int) -> None:
    """Every second one on each Debian: scripts/walk goes through all of them on both."""
    for case in KNOWN[2 * number + NEWEST_FIRST.index(release) :][:1]:
        steps = read((CASES / f"{case}.txt").read_text())
        found = walked(ground, steps, print)
        assert found.steps == steps or found.fault, f"{case}: not all of its steps make sense"
        assert not found.fault, f"{case}:\n{found}"


@pytest.mark.takes_turns
def test_by_chance(ground: Ground, release: str) -> None:
    seed = SEEDS[release]
    found = by_chance(ground, seed, STEPS, print)
    if found.fault:
        pytest.fail(f"seed {seed}:\n{shrunk(ground, found, print)}", pytrace=False)


def test_each_step_is_explained_and_can_be_pasted() -> None:
    assert len(load()) > 10
    for name, word in load().items():
        assert word.act.__doc__
        assert read(f"{name} x # why\n") == [f"{name} x"]


def test_each_accident_is_in_a_case() -> None:
    """So that it happens each time, and docs/faults.md tells of it; by chance come more."""
    taken = {step.split()[0] for case in CASES.glob("*.txt") for step in read(case.read_text())}
    assert {word.name for word in load().values() if word.fault} <= taken
