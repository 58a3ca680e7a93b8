"""The archives at home go on to S3."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from deployer.archives import Archive
from deployer.config.home import S3
from deployer.errors import DeployError
from deployer.home.bucket import Bucket
from deployer.home.offers import surplus, wanted
from deployer.home.store import Store


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
        held = store.held()
        sent.troubles += differences(sent.there, held)
        for archive in missing(s3, held, sent.there):
            say(f"▸ S3: {archive.path}")
            bucket.put(store.path(archive), archive, store.digest(archive) or "")
            sent.new.append(archive)
            sent.there.append(replace(archive, place="s3"))
        for archive in surplus(sent.there, s3.keep) if s3.keep else ():
            bucket.remove(archive)
            sent.there.remove(archive)
            sent.removed.append(archive)
    except DeployError as failure:
        sent.troubles.append(f"{failure.message}{f'. {failure.advice}' if failure.advice else ''}")
    return sent


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
