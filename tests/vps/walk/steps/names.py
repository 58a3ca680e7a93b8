"""Names come, go, and change hands, whatever the kind."""

from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@step(2, lambda walk: ((name,) for name in walk.wanted))
def remove(walk: Walk, name: str) -> None:
    """It is taken out of sites.yaml."""
    del walk.wanted[name]


@step(
    3,
    lambda walk: (
        (old, new) for old in walk.wanted for new in walk.free_names() if ("." in old) == ("." in new)
    ),
)
def rename(walk: Walk, old: str, new: str) -> None:
    """It is called otherwise, and is the same in all else."""
    walk.wanted[new] = walk.wanted.pop(old)
