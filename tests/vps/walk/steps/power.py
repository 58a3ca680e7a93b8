"""The power goes."""

import time

from vps.walk.moments import MOMENTS
from vps.walk.steps.accidents import interrupted
from vps.walk.steps.compose import Compose
from vps.walk.vocabulary import step
from vps.walk.walk import Fault, Walk

SECONDS = 90


@step(
    0.3,
    lambda walk: [(moment,) for moment in MOMENTS if walk.pending],
    fault="the plug is pulled in the middle of an apply",
)
def power_cut(walk: Walk, moment: str) -> None:
    """The plug is pulled in the middle of an apply."""
    interrupted(walk, moment, lambda _: restart(walk))
    comes_back(walk)


@step(0.3, lambda walk: [()] if walk.applied else [], fault="the plug is pulled between two applies")
def power_cut_at_night(walk: Walk) -> None:
    """The plug is pulled while nothing is done."""
    restart(walk)
    comes_back(walk)


def restart(walk: Walk) -> None:
    """Pull it, and boot again; Docker leaves alone what it is not to start again."""
    walk.ground.restart()
    walk.disturbed |= {
        name
        for name, entry in walk.live.entries.items()
        if isinstance(entry, Compose) and entry.restart == "no"
    }


def comes_back(walk: Walk) -> None:
    """What an apply did not change answers again, and nobody does anything for it."""
    over = time.monotonic() + SECONDS
    while True:
        try:
            walk.answers_as_expected()
            return
        except Fault:
            if time.monotonic() > over:
                raise
            time.sleep(0.5)
