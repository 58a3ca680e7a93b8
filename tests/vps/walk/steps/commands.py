"""What an owner types."""

from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@step(10, lambda walk: [()], acts=True)
def apply(walk: Walk) -> None:
    """Everything is applied, and must be as sites.yaml says."""
    walk.apply()


@step(1, lambda walk: ((name,) for name in walk.wanted), acts=True)
def apply_one(walk: Walk, name: str) -> None:
    """One site or service is applied."""
    walk.apply(name)
