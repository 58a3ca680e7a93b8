"""An archive comes home: it is fetched, proves to be whole, and only then counts."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from deployer.archives import DIGEST
from deployer.errors import DeployError, UnreachableError
from deployer.home.link import Link
from deployer.home.offers import Offer
from deployer.home.store import Store, read_digest, sha256

ATTEMPTS = 3
PAUSE = 5  # seconds before the next attempt


class Altered(DeployError):
    """The content of an archive is not what its digest says."""


def bring(link: Link, store: Store, offer: Offer) -> None:
    """Make the offered archive one of the store's; raises DeployError, Altered for one that is not whole."""
    archive = offer.archive
    part = store.state / "incoming" / archive.name / archive.file
    if was_rejected(store, offer):
        raise Altered(told(offer))
    part.parent.mkdir(parents=True, exist_ok=True)
    if store.path(
        archive
    ).exists():  # without a digest it proved nothing: it is looked at as if it had just come
        os.replace(store.path(archive), part)
    if part.exists() and part.stat().st_size > archive.bytes:
        part.unlink()
    begun = part.exists()
    link.fetch(archive, part.parent)
    if begun and sha256(part) != offer.digest:  # what was there may have been the beginning of something else
        part.unlink()
        link.fetch(archive, part.parent)
    if sha256(part) != offer.digest:
        reject(store, offer, part)
        raise Altered(told(offer))
    accept(store, offer, part)


def patiently(link: Link, action: Callable[[], None]) -> None:
    """Do it, again where the connection was lost; raises what the last attempt met."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except UnreachableError:
            link.reset()
            if attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE)
    return None


def accept(store: Store, offer: Offer, part: Path) -> None:
    """Put it where archives lie: its digest first, so that whoever sees it sees its digest."""
    target = store.path(offer.archive)
    target.parent.mkdir(exist_ok=True)
    write_digest(target, offer)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)


def reject(store: Store, offer: Offer, part: Path) -> None:
    """Put it aside, for a person to look at."""
    target = rejected(store, offer)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_digest(target, offer)
    os.replace(part, target)


def rejected(store: Store, offer: Offer) -> Path:
    """Where the archive lies when it is rejected."""
    return store.path(offer.archive).parent / "rejected" / offer.archive.file


def was_rejected(store: Store, offer: Offer) -> bool:
    """Whether the same file with the same digest was rejected before: it is not fetched every night anew."""
    path = rejected(store, offer)
    if not path.exists() or read_digest(digest_path(path), path.name) != offer.digest:
        return False
    same_time = int(path.stat().st_mtime) == int(offer.written.timestamp())
    return same_time and path.stat().st_size == offer.archive.bytes


def told(offer: Offer) -> str:
    """What is said of an archive that is not whole."""
    archive = offer.archive
    return (
        f"{archive.file} was altered on the server after it was made: it is not what its digest says. "
        f"It was put into {archive.name}/rejected and does not count"
    )


def digest_path(path: Path) -> Path:
    """Where the digest of a file lies."""
    return path.with_name(path.name + DIGEST)


def write_digest(path: Path, offer: Offer) -> None:
    """Write the digest of a file beside it, as `sha256sum` does."""
    digest_path(path).write_text(f"{offer.digest}  {path.name}\n", "ascii")
