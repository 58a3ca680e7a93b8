"""Ask Docker on the server what runs there, and which images are newer in their registry."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.containers import Container, Freshness
from deployer.server.connection import Server
from deployer.server.engine import engine
from deployer.server.inspection import containers_of, freshness_of
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.kinds.composition import Composition


def services(server: Server, compositions: "Mapping[str, Composition]") -> list[Container]:
    """The containers of these compositions, also those that have ended."""
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [containers_of(client, name, each.project(name)) for name, each in compositions.items()]
    return [container for containers in found for container in containers]


def freshness(server: Server, compositions: "Mapping[str, Composition]") -> list[Freshness]:
    """Whether the images in use are the newest of their tags: digests compared, nothing pulled."""
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [freshness_of(client, name, each.project(name)) for name, each in compositions.items()]
    return [image for images in found for image in images]
