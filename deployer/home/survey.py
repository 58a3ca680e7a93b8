"""Every archive in every place that can be asked from here."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from deployer.backups.archives import Archive
from deployer.config.home import Home
from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.home.bucket import Bucket
from deployer.home.link import Link
from deployer.home.offers import offers, with_digest
from deployer.home.records import warnings
from deployer.home.store import Store


class Elsewhere(DeployError):
    """The place is on another machine."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The archives, and why a place is not in it: it did not answer (unknown), or is on another machine.

    `unproved` are those that no digest vouches for: they count for nothing.
    """

    archives: list[Archive]
    unknown: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    unproved: list[Archive] = field(default_factory=list)


def survey(config: Config) -> Survey:
    """What is on the server, at home (seen from the home server only) and in S3."""
    found: list[Archive] = []
    unproved: list[Archive] = []
    unknown, elsewhere = {}, {}
    places = {"vps": on_the_server, "home": at_home, "s3": in_s3}
    for name, ask in places.items():
        try:
            good, without = ask(config)
            found += good
            unproved += without
        except Elsewhere as error:
            elsewhere[name] = error.message
        except DeployError as error:
            unknown[name] = error.message
    for archives in (found, unproved):
        archives.sort(key=lambda archive: (archive.name, archive.time, archive.place))
    return Survey(found, unknown, elsewhere, unproved)


def has_key(home: Home) -> bool:
    """Whether the key that can only read archives is on this machine."""
    return bool(home.key) and Path(home.key or "").is_file()


Lists = tuple[list[Archive], list[Archive]]
"""The archives of a place, and those that no digest vouches for."""


def on_the_server(config: Config) -> Lists:
    """What the server has: by the key that can only read it, or as whoever applies."""
    if config.server is None:
        return [], []
    home = config.home
    if home and Path(home.directory).is_dir() and (has_key(home) or not home.key):
        with Link(config.server, home) as link:
            return proved(link.listing())
    from deployer.home.places import on_the_server as as_administrator
    from deployer.server.login import connect
    from deployer.waiting import waiting

    server = config.server
    key = Path(server.key).expanduser() if server.key else None
    with (
        waiting(f"asking {server.host}"),
        connect(server.host, server.port, server.user, server.host_key, key) as connected,
    ):
        there = as_administrator(connected)
        return there.archives, there.unproved


def proved(listing: str) -> Lists:
    """Which archives of a listing have a digest beside them."""
    digests = with_digest(listing)
    every = [offer.archive for offer in offers(listing, {})]
    return [a for a in every if a.path in digests], [a for a in every if a.path not in digests]


def at_home(config: Config) -> Lists:
    """What is at home, seen from there; raises Elsewhere where neither the folder nor home.key is here."""
    if config.home is None:
        return [], []
    store = Store(Path(config.home.directory))
    if not store.directory.is_dir() and not has_key(config.home):
        raise Elsewhere(f"{store.directory} is not on this machine: the home server tells what is there")
    store.require()
    warned = warnings(store)
    held = [replace(archive, warnings=warned.get(archive.path, ())) for archive in store.held()]
    return held, store.unproved()


def in_s3(config: Config) -> Lists:
    """What is in the bucket, where each has its digest with it."""
    return Bucket(config.home.s3).archives() if config.home and config.home.s3 else [], []
