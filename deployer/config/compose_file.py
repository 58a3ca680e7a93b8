"""What can be known of a user's own docker-compose.yml without Docker: services, images, ports."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from deployer.config import syntax, text
from deployer.config.attachments import LocalFile
from deployer.config.interpolation import Interpolated, Interpolation
from deployer.config.nodes import Node
from deployer.config.ports import Published, published, scalar_of, value_of
from deployer.config.service_names import project_name
from deployer.errors import ConfigError, Problem

Given = tuple[tuple[str, str | None], ...]
"""What each variable stands for, None where only the server knows."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A compose file as Docker Compose reads it, its variables put in; `root` is None where it is no YAML."""

    file: LocalFile
    root: Node | None
    problems: tuple[Problem, ...]

    @property
    def services(self) -> dict[str, Node]:
        """The services by name."""
        return section(self.root, "services")

    def at(self, node: Node, message: str) -> Problem:
        """A problem at a place in the file."""
        return Problem(self.file.path, node.line, node.column, message)


@cache
def definition(file: LocalFile, given: Given = ()) -> Definition:
    """What the file says with these values, and what is wrong with it as YAML or in its variables."""
    try:
        raw, problems = syntax.parse(text.decode(file.content, file.path), file.path, "'services:'", "")
    except ConfigError as error:
        return Definition(file, None, tuple(error.problems))
    trees: dict[int, Node] = {}
    wrong: list[tuple[Node, str]] = []
    root = with_values(raw, Interpolation(dict(given)), trees, wrong)
    found = Definition(file, root, ())
    problems += [found.at(node, message) for node, message in wrong]
    if not found.services:
        problems.append(found.at(root, "a compose file has services: and at least one below it"))
    return Definition(file, root, tuple(problems))


def with_values(
    node: Node, interpolation: Interpolation, done: dict[int, Node], wrong: list[tuple[Node, str]]
) -> Node:
    """The tree with the values put in; what an alias repeats is done once. Problems go into `wrong`."""
    if id(node) in done:
        return done[id(node)]
    made = done[id(node)] = Node(node.line, node.column, node.value, node.size)
    if isinstance(node.value, dict):
        made.value = {
            name: (key, with_values(value, interpolation, done, wrong))
            for name, (key, value) in node.value.items()
        }
    elif isinstance(node.value, list):
        made.value = [with_values(item, interpolation, done, wrong) for item in node.value]
    elif node.value and "$" in node.value:
        made.value = Interpolated(interpolation.of(node.value), node.value)
        wrong += [(node, message) for message in dict.fromkeys(interpolation.problems)]
        interpolation.problems.clear()
    return made


def section(node: Node | None, key: str) -> dict[str, Node]:
    """The entries of a section by name."""
    found = value_of(node, key)
    entries = found.value if found and isinstance(found.value, dict) else {}
    return {name: value for name, (_, value) in entries.items()}


def items(node: Node | None, key: str) -> list[Node]:
    """The entries of a list, or the only value that stands in its place."""
    found = value_of(node, key)
    if found is None or found.value is None:
        return []
    return found.value if isinstance(found.value, list) else [found]


def all_published(file: Definition) -> list[Published]:
    """What all services together publish."""
    return [entry for service in file.services.values() for entry in published(service)]


def images(file: Definition) -> tuple[str, ...]:
    """The images that the file names, without those that it builds."""
    named = (
        scalar_of(service, "image") for service in file.services.values() if not value_of(service, "build")
    )
    return tuple(dict.fromkeys(filter(None, named)))


def built(file: Definition) -> bool:
    """Whether an image is built on the server."""
    return any(value_of(service, "build") for service in file.services.values())


def project(file: Definition) -> str:
    """The name that the file gives itself, if it does, as Docker Compose takes it."""
    return project_name(scalar_of(file.root, "name"))


def volumes(file: Definition) -> tuple[str, ...]:
    """The volumes that Docker Compose makes for it, but those that have a name of their own."""
    found = section(file.root, "volumes").items()
    return tuple(key for key, node in found if not (value_of(node, "name") or value_of(node, "external")))


def volume_names(file: Definition, project: str) -> dict[str, str]:
    """The names by which Docker knows its volumes, by those in the file."""
    return {name: volume_name(name, node, project) for name, node in section(file.root, "volumes").items()}


def volume_name(name: str, volume: Node, project: str) -> str:
    """Its own, or made of the project's: what is external has no project."""
    external = value_of(volume, "external")
    own = scalar_of(volume, "name") or scalar_of(external, "name")
    if own or (external and str(external.value).lower() != "false"):
        return own or name
    return f"{project}_{name}"


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
