"""Every archive in every place that can be asked from here."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from deployer.archives import Archive
from deployer.config.home import Home
from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.home.bucket import Bucket
from deployer.home.link import Link
from deployer.home.offers import offers
from deployer.home.records import warnings
from deployer.home.store import Store


class Elsewhere(DeployError):
    """The place is on another machine."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The archives, and why a place is not in it: it did not answer (unknown), or is on another machine."""

    archives: list[Archive]
    unknown: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)


def survey(config: Config) -> Survey:
    """What is on the server, at home (seen from the home server only) and in S3."""
    found: list[Archive] = []
    unknown, elsewhere = {}, {}
    places = {"vps": on_the_server, "home": at_home, "s3": in_s3}
    for name, ask in places.items():
        try:
            found += ask(config)
        except Elsewhere as error:
            elsewhere[name] = error.message
        except DeployError as error:
            unknown[name] = error.message
    found.sort(key=lambda archive: (archive.name, archive.time, archive.place))
    return Survey(found, unknown, elsewhere)


def has_key(home: Home) -> bool:
    """Whether the key that can only read archives is on this machine."""
    return bool(home.key) and Path(home.key or "").is_file()


def on_the_server(config: Config) -> list[Archive]:
    """What the server has: by the key that can only read it, or as whoever applies."""
    if config.server is None:
        return []
    home = config.home
    if home and Path(home.directory).is_dir() and (has_key(home) or not home.key):
        with Link(config.server, home) as link:
            return [offer.archive for offer in offers(link.listing(), {})]
    from deployer.home.places import on_the_server as as_administrator
    from deployer.server.login import connect

    server = config.server
    key = Path(server.key).expanduser() if server.key else None
    with connect(server.host, server.port, server.user, server.host_key, key) as connected:
        return as_administrator(connected).archives


def at_home(config: Config) -> list[Archive]:
    """What is at home, seen from there; raises Elsewhere where neither the folder nor home.key is here."""
    if config.home is None:
        return []
    store = Store(Path(config.home.directory))
    if not store.directory.is_dir() and not has_key(config.home):
        raise Elsewhere(f"{store.directory} is not on this machine: the home server tells what is there")
    store.require()
    warned = warnings(store)
    return [replace(archive, warnings=warned.get(archive.path, ())) for archive in store.held()]


def in_s3(config: Config) -> list[Archive]:
    """What is in the bucket."""
    return Bucket(config.home.s3).archives() if config.home and config.home.s3 else []
