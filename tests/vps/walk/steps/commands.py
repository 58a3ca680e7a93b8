"""What an owner types."""

from vps.walk import applying
from vps.walk.entries import Entry
from vps.walk.steps.compose import Compose
from vps.walk.steps.static import Static
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@step(16, lambda walk: [()] if walk.pending else [], acts=True)
def apply(walk: Walk) -> None:
    """Everything is applied, and must be as sites.yaml says."""
    applying.apply(walk)


@step(2, lambda walk: ((name,) for name in walk.wanted if walk.pending), acts=True)
def apply_one(walk: Walk, name: str) -> None:
    """One site or service is applied."""
    applying.apply(walk, name)


def with_values(walk: Walk) -> list[str]:
    """The compositions that the server knows: nobody has removed what an apply wrote of them for its scripts."""
    values = walk.vps.root / "etc/deploy/sites"
    return [name for name in walk.settled(Compose) if (values / f"{name}.conf").exists()]


@step(1, lambda walk: ((name,) for name in with_values(walk) if name not in walk.live.stopped), acts=True)
def stop(walk: Walk, name: str) -> None:
    """Its containers are stopped until they are started again."""
    walk.works("stop", name)
    walk.live.stopped.add(name)
    walk.answers_as_expected()


@step(
    1,
    lambda walk: ((name,) for name in walk.settled(Compose) if name not in walk.disturbed),
    acts=True,
)
def restart(walk: Walk, name: str) -> None:
    """Its containers are started anew."""
    walk.works("restart", name)
    walk.live.stopped.discard(name)
    walk.answers_as_expected()


def earlier(walk: Walk, name: str) -> list[str]:
    """The pages that were published before the one that is live."""
    releases = walk.live.releases.get(name, [])
    return releases[: releases.index(walk.live.published[name])] if releases else []


@step(1, lambda walk: ((name,) for name in walk.settled(Static) if earlier(walk, name)), acts=True)
def rollback(walk: Walk, name: str) -> None:
    """The page that was published before it is live again."""
    page = earlier(walk, name)[-1]
    walk.works("rollback", name)
    walk.live.published[name] = page
    walk.answers_as_expected()


@step(1, lambda walk: ((name,) for name in walk.settled(Entry) if walk.wanted[name].pushed), acts=True)
def push(walk: Walk, name: str) -> None:
    """Its newest revision is published, or its newest images run."""
    walk.wanted[name].publish(walk, name)
    walk.works("push", name, "--yes")  # what somebody has changed by hand is applied first
    walk.live.stopped.discard(name)
    walk.answers_as_expected()
