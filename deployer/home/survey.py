"""Every archive in every place that can be asked from here."""

from pathlib import Path

from deployer.archives import Archive
from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.home.bucket import Bucket
from deployer.home.link import Link
from deployer.home.offers import offers
from deployer.home.store import Store


def survey(config: Config) -> tuple[list[Archive], list[str]]:
    """The archives on the server, at home (on the home server) and in S3; which cannot be told, and why."""
    found: list[Archive] = []
    unknown = []
    places = {"vps": on_the_server, "home": at_home, "s3": in_s3}
    for name, ask in places.items():
        try:
            found += ask(config)
        except DeployError as error:
            unknown.append(f"{name}: {error.message}")
    return sorted(found, key=lambda archive: (archive.name, archive.time, archive.place)), unknown


def on_the_server(config: Config) -> list[Archive]:
    """What the server has: by the key that can only read it, or as whoever applies."""
    if config.server is None:
        return []
    if config.home and Path(config.home.directory).is_dir():
        with Link(config.server, config.home) as link:
            return [offer.archive for offer in offers(link.listing(), {})]
    from deployer.home.places import on_the_server as as_administrator
    from deployer.server.connection import connect

    server = config.server
    key = Path(server.key).expanduser() if server.key else None
    with connect(server.host, server.port, server.user, server.host_key, key) as connected:
        return as_administrator(connected).archives


def at_home(config: Config) -> list[Archive]:
    """What is at home, seen from there."""
    if config.home is None:
        return []
    store = Store(Path(config.home.directory))
    store.require()
    return store.held()


def in_s3(config: Config) -> list[Archive]:
    """What is in the bucket."""
    return Bucket(config.home.s3).archives() if config.home and config.home.s3 else []
