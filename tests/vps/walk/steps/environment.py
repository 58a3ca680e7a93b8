"""The `environment:` of what runs in containers."""

from vps.walk.steps.compose import Compose
from vps.walk.steps.services import Service
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@step(1.5, lambda walk: ((name,) for kind in (Compose, Service) for name in walk.of(kind)))
def environment(walk: Walk, name: str) -> None:
    """It says something else, which its page tells."""
    entry = walk.wanted[name]
    if isinstance(entry, Compose):
        walk.change(name, said=entry.said + 1)
    else:
        walk.change(name, version=entry.version + 1)
