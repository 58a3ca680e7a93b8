"""Archives come home: they are fetched, each proves to be whole, and only then it counts."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deployer.errors import DeployError, UnreachableError
from deployer.home.link import Link
from deployer.home.offers import Offer
from deployer.home.store import Store, digest_path, read_digest, sha256

ATTEMPTS = 3
PAUSE = 5  # seconds before the next attempt
COARSE = 2  # seconds by which times differ on some file systems (FAT)

Settled = Callable[[Offer, DeployError | None], None]


class Altered(DeployError):
    """The content of an archive is not what its digest says."""


def bring(link: Link, store: Store, offers: Sequence[Offer], settled: Settled) -> None:
    """Make the offered archives the store's, and say of each how that ended; raises UnreachableError.

    Those that are whole count, whatever becomes of the others.
    """
    pending = dict.fromkeys(offers)

    def settle(offer: Offer, failure: DeployError | None) -> None:
        if offer in pending:
            del pending[offer]
            settled(offer, failure)

    for offer in offers:
        if was_rejected(store, offer):
            settle(offer, Altered(told(offer)))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _fetch(link, store, list(pending), settle)
        except UnreachableError:
            link.reset()
            if attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE)
    return None


def _fetch(link: Link, store: Store, pending: Sequence[Offer], settle: Settled) -> None:
    begun = [offer for offer in pending if _prepared(store, offer).exists()]
    failure: DeployError | None = None
    try:
        link.fetch([offer.archive for offer in pending], store.incoming)
    except DeployError as error:
        failure = error
    again = _accepted(store, pending, begun, settle, whole=failure is None)
    if isinstance(failure, UnreachableError):
        raise failure
    for offer in [offer for offer in pending if offer not in again]:
        settle(offer, failure or DeployError("it did not come"))
    if again:  # what was there may have been the beginning of something else
        _fetch(link, store, again, settle)


def _accepted(
    store: Store, offers: Sequence[Offer], begun: Sequence[Offer], settle: Settled, whole: bool
) -> list[Offer]:
    """Judge what has come; the offers that are to be fetched from their beginning."""
    good, again = [], []
    for offer in offers:
        part = store.part(offer.archive)
        if not part.exists() or (not whole and part.stat().st_size < offer.archive.bytes):
            continue
        if sha256(part) == offer.digest:
            good.append(offer)
        elif offer in begun:
            part.unlink()
            again.append(offer)
        else:
            reject(store, offer, part)
            settle(offer, Altered(told(offer)))
    accept(store, good)
    for offer in good:
        settle(offer, None)
    return again


def _prepared(store: Store, offer: Offer) -> Path:
    """Where the archive comes to; what is there already is no more than the beginning of it."""
    part = store.part(offer.archive)
    here = store.path(offer.archive)
    if here.exists():  # without a digest it proved nothing: it is looked at as if it had just come
        part.parent.mkdir(parents=True, exist_ok=True)
        os.replace(here, part)
    if part.exists() and part.stat().st_size > offer.archive.bytes:
        part.unlink()
    return part


def accept(store: Store, offers: Sequence[Offer]) -> None:
    """Put them where archives lie: the digests first, so that whoever sees one sees its digest."""
    for folder in {store.path(offer.archive).parent for offer in offers}:
        folder.mkdir(exist_ok=True)
    for offer in offers:
        vouch(store, offer)
    if offers:
        os.sync()  # all at once: one by one, a thousand take a minute
    for offer in offers:
        os.replace(store.part(offer.archive), store.path(offer.archive))


def vouch(store: Store, offer: Offer) -> None:
    """Put the digest where the archive will lie: the file that came, which costs no new one."""
    target = digest_path(store.path(offer.archive))
    try:
        os.replace(digest_path(store.offered / offer.archive.path), target)
    except FileNotFoundError:  # it was here already, and did not come
        write_digest(store.path(offer.archive), offer)


def reject(store: Store, offer: Offer, part: Path) -> None:
    """Put it aside, for a person to look at."""
    target = rejected(store, offer)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_digest(target, offer)
    os.replace(part, target)


def rejected(store: Store, offer: Offer) -> Path:
    """Where the archive lies when it is rejected."""
    return store.directory / f"{offer.archive.name}/rejected/{offer.archive.file}"


def was_rejected(store: Store, offer: Offer) -> bool:
    """Whether the same file with the same digest was rejected before: it is not fetched every night anew.

    Only here the time counts: a file that was mended on the server has its old size and digest.
    """
    path = rejected(store, offer)
    if not path.exists() or read_digest(digest_path(path), path.name) != offer.digest:
        return False
    apart = abs(path.stat().st_mtime - offer.written.timestamp())
    return apart <= COARSE and path.stat().st_size == offer.archive.bytes


def told(offer: Offer) -> str:
    """What is said of an archive that is not whole."""
    archive = offer.archive
    return (
        f"{archive.file} was altered on the server after it was made: it is not what its digest says. "
        f"It was put into {archive.name}/rejected and does not count"
    )


def write_digest(path: Path, offer: Offer) -> None:
    """Write the digest of a file beside it, as `sha256sum` does."""
    digest_path(path).write_text(f"{offer.digest}  {path.name}\n", "ascii")
