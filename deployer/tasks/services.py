"""Ask Docker on the server what runs there, and which images are newer in their registry."""

import shlex
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from deployer.errors import DeployError
from deployer.seen.containers import Container, Freshness, told_there
from deployer.seen.failures import Failure, read_failures
from deployer.seen.pools import read_pools
from deployer.seen.units import PROPERTIES, read_units
from deployer.server.connection import Server, script_command
from deployer.server.engine import engine
from deployer.server.inspection import containers_of, freshness_of
from deployer.tasks import script
from deployer.waiting import waiting

if TYPE_CHECKING:
    from deployer.kinds.composition import Composition
    from deployer.kinds.entry import Entry

UPDATE = "/usr/local/lib/deploy/bin/update"
POOL = "/usr/local/lib/deploy/bin/pool"


def services(server: Server, compositions: "Mapping[str, Composition]") -> list[Container]:
    """The containers of these compositions, also those that have ended."""
    if not compositions:
        return []
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [containers_of(client, name, each.project(name)) for name, each in compositions.items()]
    return [container for containers in found for container in containers]


def units(server: Server, programs: "Mapping[str, Entry]") -> list[Container]:
    """The units of these programs of the server, in the shape of containers."""
    found = list[Container]()
    for name, each in programs.items():
        show = ["systemctl", "show", f"--property={PROPERTIES}", "--", *sorted(each.units(name))]
        found += read_units(name, server.ask(shlex.join(show)).output.decode(errors="replace"))
    return found


def pools(server: Server, names: Collection[str]) -> list[Container]:
    """The pools of PHP-FPM of these sites, in the shape of containers."""
    if not names:
        return []
    answer = server.ask(shlex.join([POOL, "state", *names]))
    if answer.status:
        raise DeployError(f"{server.host} does not tell what runs on PHP-FPM", "Run: deploy apply")
    return [*read_pools(answer.output.decode(errors="replace"))]


def failures(server: Server, names: Collection[str]) -> dict[str, Failure]:
    """Which of these an apply could not bring up, and why."""
    if not names:
        return {}
    ask = script("failures.sh") + b"failures\n"
    answer = server.ask(script_command(ask), ask)
    lines = answer.output.decode(errors="replace").split("\n")
    found = read_failures(line.partition(" ")[2] for line in lines)
    return {name: failure for name, failure in found.items() if name in names}


def freshness(server: Server, compositions: "Mapping[str, Composition]") -> list[Freshness]:
    """Whether the images in use are the newest of their tags: digests compared, nothing pulled."""
    with waiting(f"asking Docker on {server.host}"), engine(server) as client:
        found = [freshness_of(client, name, each.project(name)) for name, each in compositions.items()]
    images = [image for images in found for image in images]
    if not (refused := sorted({image.composition for image in images if image.wants_login})):
        return images
    with waiting(f"asking with the logins of {server.host}"):
        said = (
            server.ask(shlex.join([UPDATE, *refused, "--check"])).output.decode(errors="replace").split("\n")
        )
    return [told_there(image, said) if image.wants_login else image for image in images]
