"""SSH keys that may push, and backups: sections beside the sites."""

from vps.walk.entries import Entry
from vps.walk.steps.compose import Compose
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@step(0.5, lambda walk: [(name,) for name in walk.of(Compose)])
def key(walk: Walk, name: str) -> None:
    """A key may push it, and only it; or no key may any more."""
    walk.may_push = "" if walk.may_push == name else name


@step(0.7, lambda walk: [()])
def backups(walk: Walk) -> None:
    """All that can be backed up is, each night; or it is no longer."""
    walk.backed_up = not walk.backed_up


HOW: dict[str, object] = {
    "as-usual": True,
    "never": False,
    "live": {"consistency": "live"},
    "stopped": {"consistency": "stop", "exclude": ["*.tmp"]},
}


@step(
    0.7,
    lambda walk: [(name, how) for name in walk.of(Entry) if walk.wanted[name].folder(name) for how in HOW],
)
def backup(walk: Walk, name: str, how: str) -> None:
    """It is backed up in another way, or not at all."""
    walk.change(name, backup=HOW[how])
