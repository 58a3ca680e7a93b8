"""What can be known of a user's own docker-compose.yml without Docker: services, images, ports, dangers."""

from collections.abc import Iterator
from functools import cache

from deployer.config import syntax, text
from deployer.config.attachments import LocalFile
from deployer.config.nodes import Node
from deployer.config.ports import Published, published, scalar_of, value_of
from deployer.errors import ConfigError, Problem

SOCKET = "docker.sock"


@cache
def parse(file: LocalFile) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of the file, None where it is no YAML, and what is wrong with it as YAML."""
    try:
        root, problems = syntax.parse(text.decode(file.content, file.path), file.path, "'services:'", "")
    except ConfigError as error:
        return None, tuple(error.problems)
    if not services(root):
        problems.append(at(file, root, "a compose file has services: and at least one below it"))
    return root, tuple(problems)


def services(root: Node | None) -> dict[str, Node]:
    """The services of the file by name."""
    section = value_of(root, "services")
    found = section.value if section and isinstance(section.value, dict) else {}
    return {name: node for name, (_, node) in found.items()}


def at(file: LocalFile, node: Node, message: str) -> Problem:
    """A problem at a place in the file."""
    return Problem(file.path, node.line, node.column, message)


def scalars(node: Node) -> Iterator[Node]:
    """Every text below a node that is a value and not a key."""
    if isinstance(node.value, dict):
        for _, value in node.value.values():
            yield from scalars(value)
    elif isinstance(node.value, list):
        for value in node.value:
            yield from scalars(value)
    elif node.value is not None:
        yield node


def all_published(file: LocalFile) -> list[Published]:
    """What all services together publish."""
    root = parse(file)[0]
    return [entry for service in services(root).values() for entry in published(service)]


def images(file: LocalFile) -> tuple[str, ...]:
    """The images that the file names, without those that it builds."""
    found = services(parse(file)[0]).values()
    named = (scalar_of(service, "image") for service in found if not value_of(service, "build"))
    return tuple(dict.fromkeys(filter(None, named)))


def built(file: LocalFile) -> bool:
    """Whether an image is built on the server."""
    return any(value_of(service, "build") for service in services(parse(file)[0]).values())


def project(file: LocalFile) -> str:
    """The name that the file gives itself, if it does."""
    return scalar_of(parse(file)[0], "name")


def dangers(file: LocalFile) -> Iterator[str]:
    """What gives whoever breaks into a container the whole server."""
    for name, service in services(parse(file)[0]).items():
        if scalar_of(service, "privileged") == "true":
            yield f"its service {name} is privileged: whoever breaks into it has the server"
        if any(SOCKET in str(node.value) for node in scalars(service)):
            yield f"its service {name} controls Docker: whoever breaks into it has the server"
