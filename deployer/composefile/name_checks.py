"""What services name that nothing in their compose file defines, so that Docker Compose refuses it; pure."""

from collections.abc import Collection, Iterator

from deployer.composefile.compose_file import Definition
from deployer.composefile.interpolation import UNKNOWN
from deployer.composefile.lasting import switched_off
from deployer.composefile.mounts import volumes
from deployer.documents.nodes import Node
from deployer.documents.tree import scalar_of, section, value_of
from deployer.errors import Problem
from deployer.values.quantities import shown

RUNS = ("image", "build", "extends", "provider")
"""What says what a service runs."""


def undefined_problems(file: Definition, profiles: Collection[str]) -> list[Problem]:
    """Volumes, networks and services that are not there, and services without an image; of those that run."""
    running = {name: node for name, node in file.services.items() if not switched_off(node, profiles)}
    there = {
        "volumes": {*section(file.root, "volumes")},
        "networks": {"default", *section(file.root, "networks")},
        "services": {*running},
    }
    problems = []
    for name, service in running.items():
        if not any(value_of(service, key) for key in RUNS):
            message = f"services.{name}: write image: or build:, one of which says what it runs"
            problems.append(file.at(service, message))
        for key, node, wanted in named(service):
            if wanted not in there[key] and UNKNOWN not in wanted:
                reason = by_profile(wanted) if wanted in file.services else undefined(key, wanted)
                problems.append(file.at(node, f"services.{name}: {reason}"))
    return problems


def by_profile(name: str) -> str:
    """Why a service is not there that the file has."""
    return (
        f"it needs {shown(name)}, which runs only with its profile: name that under profiles: in sites.yaml"
    )


def undefined(key: str, name: str) -> str:
    """What is wrong where nothing defines it."""
    told = f"nothing below {key}: of this file defines {shown(name)}"
    return f"{told}: write it there, or ./ before it, for a folder" if key == "volumes" else told


def named(service: Node) -> Iterator[tuple[str, Node, str]]:
    """What a service names, each with the section that has to define it."""
    yield from (("volumes", volume.node, volume.source) for volume in volumes(service) if volume.source)
    yield from (("networks", node, name) for node, name in listed(value_of(service, "networks")))
    ways = section(service, "depends_on")
    for node, name in listed(value_of(service, "depends_on")):
        if scalar_of(ways.get(name), "required").lower() != "false":
            yield "services", node, name


def listed(node: Node | None) -> Iterator[tuple[Node, str]]:
    """The names in a list, or those that a mapping is of."""
    if node and isinstance(node.value, dict):
        yield from ((key, name) for name, (key, _) in node.value.items())
    elif node and isinstance(node.value, list):
        yield from ((each, each.value) for each in node.value if isinstance(each.value, str))
