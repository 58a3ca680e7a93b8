"""What the server has, and what is wrong with that, before anything is fetched."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from deployer.backups.archives import DIGEST, Archive, is_from_the_future, parse
from deployer.home.answered import answers, remember
from deployer.home.link import Link
from deployer.home.offers import Offer, offers, tried, with_digest
from deployer.home.store import Store, read_digest


def ask(link: Link, store: Store) -> tuple[list[Offer], set[str]]:
    """All that the server has, and the names whose backup was ever begun."""
    asked = datetime.now(UTC)
    listing = link.listing()
    there = {path: state for path, state in with_digest(listing).items() if parse(path)}
    digests = answers(store, there, asked)
    shutil.rmtree(store.offered, ignore_errors=True)
    store.offered.mkdir()
    link.digests([f"{path}{DIGEST}" for path in there if path not in digests], store.offered)
    digests |= digests_below(store.offered)
    remember(store, there, digests, asked)
    return offers(listing, {path: digest for path, digest in digests.items() if digest}), tried(listing)


def digests_below(folder: Path) -> dict[str, str | None]:
    """What the files of digests say, by the paths of their archives; None where one says nothing."""
    paths = {f"{path.parent.name}/{path.name}": path for path in folder.glob(f"*/*{DIGEST}")}
    archives = {path.removesuffix(DIGEST): file for path, file in paths.items()}
    return {path: read_digest(file, path.partition("/")[2]) for path, file in archives.items()}


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
