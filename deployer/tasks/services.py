"""Ask Docker on the server what runs there, and which images are newer in their registry."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from deployer.seen.containers import Container, Freshness
from deployer.seen.failures import Failure, read_failures
from deployer.server.connection import Server, script_command
from deployer.server.engine import engine
from deployer.server.inspection import containers_of, freshness_of
from deployer.tasks import script
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.kinds.composition import Composition


def services(server: Server, compositions: "Mapping[str, Composition]") -> list[Container]:
    """The containers of these compositions, also those that have ended."""
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [containers_of(client, name, each.project(name)) for name, each in compositions.items()]
    return [container for containers in found for container in containers]


def failures(server: Server, names: Collection[str]) -> dict[str, Failure]:
    """Which of these an apply could not bring up, and why."""
    if not names:
        return {}
    ask = script("failures.sh") + b"failures\n"
    answer = server.ask(script_command(ask), ask)
    lines = answer.output.decode(errors="replace").splitlines()
    found = read_failures(line.partition(" ")[2] for line in lines)
    return {name: failure for name, failure in found.items() if name in names}


def freshness(server: Server, compositions: "Mapping[str, Composition]") -> list[Freshness]:
    """Whether the images in use are the newest of their tags: digests compared, nothing pulled."""
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [freshness_of(client, name, each.project(name)) for name, each in compositions.items()]
    return [image for images in found for image in images]
