"""Images of an owner's own: pushes bring the newest, rollbacks the one before."""

from collections.abc import Iterator

from vps.walk.steps.compose import Compose
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk


@step(1.5, lambda walk: ((name,) for name in walk.of(Compose) if not walk.wanted[name].own_image))
def own_image(walk: Walk, name: str) -> None:
    """It has an image of its own."""
    owner = walk.wanted[name].owner
    walk.live.images[owner] = walk.new_image(owner)
    walk.change(name, own_image=True)


def with_own(walk: Walk) -> Iterator[tuple[str, Compose]]:
    """What is live with an image of its own, and is not stopped."""
    for name in walk.settled(Compose):
        entry = walk.wanted[name]
        if isinstance(entry, Compose) and entry.own_image and name not in walk.live.stopped | walk.disturbed:
            yield name, entry


def earlier(walk: Walk) -> Iterator[Arguments]:
    """What has run on another image of its own under its name, since the last push."""
    for name, entry in with_own(walk):
        whose, images = walk.live.generations.get(name, ("", []))
        if whose == entry.owner and len(images) > 1:
            yield (name,)


@step(1.5, earlier, acts=True)
def rollback_images(walk: Walk, name: str) -> None:
    """The image before the one that was pushed last runs again."""
    walk.works("rollback", name)
    owner, images = walk.live.generations.pop(name)
    walk.live.images[owner] = images[-2]
    walk.answers_as_expected()


@step(0.7, lambda walk: ((name,) for name, _ in with_own(walk)), fault="an image ends at once")
def push_bad_image(walk: Walk, name: str) -> None:
    """The newest image ends at once: the push fails, and what was there runs."""
    walk.new_image(walk.wanted[name].owner, Entrypoint=["false"])
    walk.fails("push", name)
