"""One pull: what is new on the server comes home, what is past its time goes."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from deployer.archives import DIGEST, Archive
from deployer.config.home import Home
from deployer.config.model import Server
from deployer.copies import FRESH
from deployer.errors import DeployError, UnreachableError
from deployer.home import arrival
from deployer.home.failures import Full
from deployer.home.link import SILENCE, Link
from deployer.home.offers import Offer, is_from_the_future, offers, surplus, wanted
from deployer.home.store import Store, read_digest

Say = Callable[[str], None]


@dataclass
class Pulled:
    """What a pull did: archives that came and went, what is wrong, and what ended it early."""

    new: list[Archive] = field(default_factory=list)
    removed: list[Archive] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    failure: DeployError | None = None


def pull(server: Server, home: Home, store: Store, say: Say, silence: int = SILENCE) -> Pulled:
    """Bring home what is new, and remove what is past its time; failures are told, not raised."""
    pulled = Pulled()
    try:
        with Link(server, home, silence) as link:
            offered = ask(link, store)
            pulled.troubles += suspicions(offered, store)
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


def ask(link: Link, store: Store) -> list[Offer]:
    """All that the server has."""
    folder = store.state / "offered"
    folder.mkdir(exist_ok=True)
    link.digests(folder)
    paths = {str(path.relative_to(folder)).removesuffix(DIGEST): path for path in folder.glob(f"*/*{DIGEST}")}
    read = {archive: read_digest(path, Path(archive).name) for archive, path in paths.items()}
    return offers(link.listing(), {archive: digest for archive, digest in read.items() if digest})


def suspicions(offered: list[Offer], store: Store) -> list[str]:
    """What is wrong with the offers, before any is fetched."""
    now = datetime.now(UTC)
    held = {archive.path: archive for archive in store.held()}
    troubles = [trouble for offer in offered if (trouble := suspicion(offer, held, store, now))]
    newest = max((o.archive.time for o in offered if not is_from_the_future(o.archive, now)), default=None)
    if newest is None:
        troubles.append("there is no archive on the server")
    elif now - newest > FRESH:
        troubles.append(f"the server has made no archive since {newest:%Y-%m-%d %H:%M} UTC")
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
    if held[archive.path].bytes != archive.bytes or is_rewritten(offer, store):
        return f"{archive.file} was written anew on the server since it came; the copy here is as it was"
    return ""


def is_rewritten(offer: Offer, store: Store) -> bool:
    """Whether the file on the server was written after the one that came."""
    return int(store.path(offer.archive).stat().st_mtime) != int(offer.written.timestamp())


def fetch_all(link: Link, store: Store, home: Home, offered: list[Offer], pulled: Pulled, say: Say) -> None:
    """Fetch what is wanted, the newest first, so that the best is here if something breaks."""
    now = datetime.now(UTC)
    good = {o.archive.path: o for o in offered if o.digest and not is_from_the_future(o.archive, now)}
    for archive in wanted((offer.archive for offer in good.values()), store.held(), home.keep):
        if archive.bytes > store.room() + already(store, archive):
            pulled.troubles.append(f"{archive.file} needs more room than there is in {store.directory}")
            continue
        say(f"▸ {archive.path}")
        try:
            arrival.patiently(link, partial(arrival.bring, link, store, good[archive.path]))
        except (arrival.Altered, Full) as failure:
            pulled.troubles.append(failure.message)
        except UnreachableError:
            raise
        except DeployError as failure:
            pulled.troubles.append(f"{archive.file}: {failure.message}")
        else:
            pulled.new.append(archive)


def already(store: Store, archive: Archive) -> int:
    """How much of the archive came before."""
    part = store.state / "incoming" / archive.path
    return part.stat().st_size if part.exists() else 0


def sweep(store: Store, offered: list[Offer]) -> None:
    """Remove beginnings of archives that the server has no more."""
    there = {offer.archive.path for offer in offered}
    incoming = store.state / "incoming"
    for part in incoming.glob("*/*"):
        if f"{part.parent.name}/{part.name}" not in there:
            part.unlink()
    for folder in incoming.glob("*"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
