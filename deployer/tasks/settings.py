"""What the scripts on the server know of a site: its values, as sites.yaml has them."""

from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.composition import Composition
from deployer.kinds.publication import Publication
from deployer.parts.compositions import values
from deployer.planning.stages import NOT_LOOKED_AT


def site_settings(config: Config, name: str) -> File | None:
    """The values of a site for the scripts on the server, as sites.yaml has them."""
    match entry := config.everything[name]:
        case Publication(pushed=True):
            found = entry.push_values(name)
        case Composition():
            found = values(config, name, entry, NOT_LOOKED_AT)
        case _:
            found = {}
    return found.get(f"/etc/deploy/sites/{name}.conf")
