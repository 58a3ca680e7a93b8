"""One pull: what is new on the server comes home, what is past its time goes."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployer.backups.archives import Archive, is_from_the_future
from deployer.config.home import Home
from deployer.config.server import Server
from deployer.errors import DeployError
from deployer.home import arrival
from deployer.home.asking import ask, suspicions, without_archive
from deployer.home.link import SILENCE, Link
from deployer.home.offers import Offer, surplus, wanted
from deployer.home.store import Store

Say = Callable[[str], None]
AT_ONCE = 256 << 20  # bytes that are fetched before any of them counts


@dataclass
class Pulled:
    """What a pull did: what the server has, what came and went, what is wrong, and what ended it early."""

    offered: list[Archive] = field(default_factory=list)
    new: list[Archive] = field(default_factory=list)
    removed: list[Archive] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    failure: DeployError | None = None


def pull(server: Server, home: Home, store: Store, say: Say, silence: int = SILENCE) -> Pulled:
    """Bring home what is new, and remove what is past its time; failures are told, not raised."""
    pulled = Pulled()
    try:
        with Link(server, home, silence) as link:
            offered, begun = ask(link, store)
            pulled.offered = [offer.archive for offer in offered]
            pulled.troubles += suspicions(offered, store)
            pulled.troubles += without_archive(begun - set(home.retired), offered)
            fetch_all(link, store, home, offered, pulled, say)
        sweep(store, offered)
    except DeployError as failure:
        pulled.failure = failure
        pulled.troubles.append(failure.line)
        return pulled
    for archive in surplus(store.held(), home.keep):
        store.remove(archive)
        pulled.removed.append(archive)
    return pulled


def fetch_all(link: Link, store: Store, home: Home, offered: list[Offer], pulled: Pulled, say: Say) -> None:
    """Fetch what is wanted, the newest first, so that the best is here if something breaks."""
    now = datetime.now(UTC)
    good = {o.archive.path: o for o in offered if o.digest and not is_from_the_future(o.archive, now)}
    chosen = wanted((offer.archive for offer in good.values()), store.held(), home.keep)

    def settled(offer: Offer, failure: DeployError | None) -> None:
        if failure is None:
            pulled.new.append(offer.archive)
        elif isinstance(failure, arrival.Altered):
            pulled.troubles.append(failure.message)
        else:
            pulled.troubles.append(f"{offer.archive.file}: {failure.message}")

    for batch in batches(chosen):
        fitting = [good[archive.path] for archive in fit(batch, store, pulled)]
        if fitting:
            say("\n".join(f"▸ {offer.archive.path}" for offer in fitting))
        arrival.bring(link, store, fitting, settled)


def batches(archives: list[Archive]) -> Iterator[list[Archive]]:
    """The archives in as many pieces as are fetched at once: thousands of small ones, or a large one."""
    batch: list[Archive] = []
    size = 0
    for archive in archives:
        if batch and size + archive.bytes > AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(archive)
        size += archive.bytes
    if batch:
        yield batch


def fit(archives: list[Archive], store: Store, pulled: Pulled) -> list[Archive]:
    """Those for which there is room; the others are told."""
    room, found = store.room(), []
    for archive in archives:
        missing = archive.bytes - already(store, archive)
        if missing > room:
            pulled.troubles.append(f"{archive.file} needs more room than there is in {store.directory}")
        else:
            room -= missing
            found.append(archive)
    return found


def already(store: Store, archive: Archive) -> int:
    """How much of the archive came before."""
    part = store.part(archive)
    return part.stat().st_size if part.exists() else 0


def sweep(store: Store, offered: list[Offer]) -> None:
    """Remove digests that nobody waits for, and beginnings of archives that the server has no more."""
    shutil.rmtree(store.offered, ignore_errors=True)
    there = {offer.archive.path for offer in offered}
    for part in store.incoming.glob("*/*"):
        if f"{part.parent.name}/{part.name}" not in there:
            part.unlink()
    for folder in store.incoming.glob("*"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
