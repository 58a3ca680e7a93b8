"""One pull: what is new on the server comes home, what is past its time goes."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deployer.archives import DIGEST, Archive, is_from_the_future
from deployer.config.home import Home
from deployer.config.model import Server
from deployer.errors import DeployError
from deployer.home import arrival
from deployer.home.link import SILENCE, Link
from deployer.home.offers import Offer, offers, surplus, tried, wanted
from deployer.home.store import Store, read_digest

Say = Callable[[str], None]
MOST, AT_ONCE = 250, 256 << 20  # archives and bytes that are fetched before any of them counts


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
        pulled.troubles.append(f"{failure.message}{f'. {failure.advice}' if failure.advice else ''}")
        return pulled
    for archive in surplus(store.held(), home.keep):
        store.remove(archive)
        pulled.removed.append(archive)
    return pulled


def ask(link: Link, store: Store) -> tuple[list[Offer], set[str]]:
    """All that the server has, and the names whose backup was ever begun."""
    folder = store.state / "offered"
    folder.mkdir(exist_ok=True)
    link.digests(folder)
    paths = {str(path.relative_to(folder)).removesuffix(DIGEST): path for path in folder.glob(f"*/*{DIGEST}")}
    read = {archive: read_digest(path, Path(archive).name) for archive, path in paths.items()}
    listing = link.listing()
    return offers(listing, {archive: digest for archive, digest in read.items() if digest}), tried(listing)


def without_archive(names: set[str], offered: list[Offer]) -> list[str]:
    """Which of the names have no archive at all on the server."""
    there = {offer.archive.name for offer in offered}
    return [f"{name} has no archive on the server: its backups fail" for name in sorted(names - there)]


def suspicions(offered: list[Offer], store: Store) -> list[str]:
    """What is wrong with the offers, before any is fetched."""
    now = datetime.now(UTC)
    held = {archive.path: archive for archive in store.held()}
    troubles = [trouble for offer in offered if (trouble := suspicion(offer, held, store, now))]
    if not offered:
        troubles.append("there is no archive on the server")
    return troubles


def suspicion(offer: Offer, held: dict[str, Archive], store: Store, now: datetime) -> str:
    """What is wrong with one offer, or nothing."""
    archive = offer.archive
    if is_from_the_future(archive, now):
        return f"{archive.file} is from the future, and was left where it is: is the server's clock right?"
    if offer.digest is None:
        return f"{archive.file} has no digest on the server, and was left there"
    if archive.path not in held:
        return ""
    if store.digest(archive) != offer.digest:
        return (
            f"{archive.file} has another digest on the server than when it came; the copy here is as it was"
        )
    if held[archive.path].bytes != archive.bytes:
        return f"{archive.file} has another size on the server than here; the copy here is as it was"
    return ""


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
        for offer in fitting:
            say(f"▸ {offer.archive.path}")
        arrival.bring(link, store, fitting, settled)


def batches(archives: list[Archive]) -> Iterator[list[Archive]]:
    """The archives in as many pieces as are fetched at once: a thousand small ones, or a large one."""
    batch: list[Archive] = []
    for archive in archives:
        if batch and (len(batch) == MOST or sum(each.bytes for each in batch) + archive.bytes > AT_ONCE):
            yield batch
            batch = []
        batch.append(archive)
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
    """Remove beginnings of archives that the server has no more."""
    there = {offer.archive.path for offer in offered}
    for part in store.incoming.glob("*/*"):
        if f"{part.parent.name}/{part.name}" not in there:
            part.unlink()
    for folder in store.incoming.glob("*"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
