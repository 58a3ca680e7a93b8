"""Whole walks on a server: by chance, from a text, and again with fewer steps."""

import subprocess
import tempfile
import traceback
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from deployer.errors import DeployError
from vps.walk.clock import Clock
from vps.walk.ground import Ground
from vps.walk.shrink import shortest
from vps.walk.vocabulary import choose
from vps.walk.walk import Fault, Walk

CASES = Path(__file__).parent / "cases"
FIRST = 4
"""How many steps a walk by chance takes before it first applies."""


@dataclass
class Walked:
    """The steps that were taken, and the rule that was broken in the end."""

    steps: list[str]
    fault: Fault | None
    clock: Clock

    def __str__(self) -> str:
        return "\n".join([*self.steps, "", str(self.fault or "all rules hold")])


def walked(ground: Ground, steps: Sequence[str], say: Callable[[str], None]) -> Walked:
    """Take these steps on a server that has nothing yet; those that make no sense are left out."""
    return _walk(ground, say, lambda walk: [walk.take(step) for step in steps])


def by_chance(
    ground: Ground, seed: int, steps: int, say: Callable[[str], None], without: Container[str] = ()
) -> Walked:
    """Take so many steps by chance, and none of those words; the same ones for the same seed."""
    chance = Random(seed)

    def go(walk: Walk) -> None:
        for number in range(steps):
            walk.take(choose(walk, chance, number < FIRST, without))
        walk.take("apply")

    return _walk(ground, say, go)


def _walk(ground: Ground, say: Callable[[str], None], go: Callable[[Walk], object]) -> Walked:
    ground.clear()
    with tempfile.TemporaryDirectory() as folder:
        walk = Walk(ground, Path(folder), say)
        fault = None
        try:
            with walk.clock.of("all"):
                go(walk)
        except Fault as broken:
            fault = broken
        except (DeployError, OSError, subprocess.SubprocessError) as broken:
            fault = Fault(f"{type(broken).__name__}_of_the_walk_itself", traceback.format_exc())
        return Walked(walk.taken, fault, walk.clock)


def shrunk(ground: Ground, found: Walked, say: Callable[[str], None]) -> Walked:
    """The shortest walk that breaks the same rule."""
    last = found

    def breaks(steps: Sequence[str]) -> bool:
        nonlocal last
        tried = walked(ground, steps, lambda _: None)
        same = bool(tried.fault and found.fault and tried.fault.rule == found.fault.rule)
        say(
            f"{len(steps)} steps: {'the same' if same else 'another end' if tried.fault else 'all rules hold'}"
        )
        last = tried if same else last
        return same

    shortest(found.steps, breaks)
    return last
