"""The archives at home go on to S3."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from deployer.backups.archives import Archive
from deployer.config.home import S3
from deployer.errors import DeployError
from deployer.home.bucket import Bucket
from deployer.home.offers import surplus, wanted
from deployer.home.store import Store

ENOUGH = 3  # archives in a row that fail in the same way: it is not they


@dataclass
class Sent:
    """What went to S3: what is there now, what is new, what went, and what is wrong."""

    there: list[Archive] = field(default_factory=list)
    new: list[Archive] = field(default_factory=list)
    removed: list[Archive] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def send(s3: S3, store: Store, say: Callable[[str], None]) -> Sent:
    """Upload what is new, and delete what is past its time where `keep` says so; failures are told."""
    sent = Sent()
    try:
        bucket = Bucket(s3)
        sent.there = bucket.archives()
    except DeployError as failure:
        sent.troubles.append(failure.line)
        return sent
    held = store.held()
    sent.troubles += differences(sent.there, held)
    lacking = missing(s3, held, sent.there)
    bucket.give_up(store, lacking)

    def put(archive: Archive) -> None:
        say(f"▸ S3: {archive.path}")
        bucket.put(store, archive)
        sent.new.append(archive)
        sent.there.append(replace(archive, place="s3"))

    def remove(archive: Archive) -> None:
        bucket.remove(archive)
        sent.there.remove(archive)
        sent.removed.append(archive)

    sent.troubles += each(lacking, put)
    sent.troubles += each(surplus(sent.there, s3.keep) if s3.keep else [], remove)
    return sent


def each(archives: Sequence[Archive], action: Callable[[Archive], None]) -> list[str]:
    """Do it with each, whatever becomes of the others; what went wrong. The same again and again ends it."""
    troubles: list[str] = []
    row: list[str] = []
    for position, archive in enumerate(archives):
        try:
            action(archive)
            row = []
        except DeployError as failure:
            row.append(failure.line)
            troubles.append(f"{archive.file}: {row[-1]}")
        if len(row) >= ENOUGH and len(set(row[-ENOUGH:])) == 1:
            left = len(archives) - position - 1
            return [*troubles, *([f"S3: archives that were not tried then: {left}"] if left else [])]
    return troubles


def missing(s3: S3, held: list[Archive], there: list[Archive]) -> list[Archive]:
    """What S3 shall get, the newest first."""
    if s3.keep:
        return wanted(held, there, s3.keep)
    have = {archive.path for archive in there}
    return sorted((a for a in held if a.path not in have), key=lambda archive: archive.time, reverse=True)


def differences(there: list[Archive], held: list[Archive]) -> list[str]:
    """What in S3 is not what is here."""
    sizes = {archive.path: archive.bytes for archive in held}
    return [
        f"S3: {archive.file} has another size than the one here; it was left as it is"
        for archive in there
        if sizes.get(archive.path, archive.bytes) != archive.bytes
    ]
