"""What can be known of a user's own docker-compose.yml without Docker: services, images, ports."""

from dataclasses import dataclass, replace
from functools import cache

from deployer.composefile.interpolation import Interpolated, Interpolation
from deployer.composefile.ports import Published, published
from deployer.documents import syntax, text
from deployer.documents.nodes import Node, Tagged
from deployer.documents.tree import scalar_of, section, value_of
from deployer.errors import ConfigError, Problem
from deployer.values.attachments import LocalFile
from deployer.values.service_names import project_name

TAGS = frozenset({"!reset", "!override"})
Given = tuple[tuple[str, str | None], ...]
"""What each variable stands for, None where only the server knows."""


@dataclass(slots=True)
class Placed(Tagged):
    """A node that knows the file it stands in."""

    file: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A compose file as Docker Compose reads it, its variables put in; `root` is None where it is no YAML.

    `file` is the first of those that it is made of.
    """

    file: LocalFile
    root: Node | None
    problems: tuple[Problem, ...]

    @property
    def services(self) -> dict[str, Node]:
        """The services by name."""
        return section(self.root, "services")

    def at(self, node: Node, message: str) -> Problem:
        """A problem at a place in the file, or in the one that was laid over it there."""
        path = node.file if isinstance(node, Placed) else self.file.path
        return Problem(path, node.line, node.column, message)


@cache
def definition(file: LocalFile, given: Given = (), over: tuple[LocalFile, ...] = ()) -> Definition:
    """What the file says with these values, and with what others say over it; and what is wrong with them."""
    found = parsed(file, given)
    for each in over:
        if found.root is not None:
            found = laid_over(found, parsed(each, given))
    if found.root is not None and not found.services:
        problem = found.at(found.root, "a compose file has services: and at least one below it")
        return replace(found, problems=(*found.problems, problem))
    return found


def laid_over(base: Definition, over: Definition) -> Definition:
    """Both as one."""
    if base.root is None or over.root is None:
        return replace(base, root=None, problems=(*base.problems, *over.problems))
    from deployer.composefile.merging import merged

    return Definition(base.file, merged(base.root, over.root), (*base.problems, *over.problems))


@cache
def parsed(file: LocalFile, given: Given) -> Definition:
    """What one file says with these values, and what is wrong with it as YAML or in its variables."""
    try:
        content = text.decode(file.content, file.path)
        raw, problems = syntax.parse(content, file.path, "'services:'", "", TAGS)
    except ConfigError as error:
        return Definition(file, None, tuple(error.problems))
    trees: dict[int, Node] = {}
    wrong: list[tuple[Node, str]] = []
    root = with_values(raw, Interpolation(dict(given)), trees, wrong, file.path)
    found = Definition(file, root, ())
    problems += [found.at(node, message) for node, message in wrong]
    return Definition(file, root, tuple(problems))


def with_values(
    node: Node, interpolation: Interpolation, done: dict[int, Node], wrong: list[tuple[Node, str]], file: str
) -> Node:
    """The tree with the values put in; what an alias repeats is done once. Problems go into `wrong`."""
    if id(node) in done:
        return done[id(node)]
    tag = node.tag if isinstance(node, Tagged) else ""
    made = done[id(node)] = Placed(node.line, node.column, node.value, node.size, tag, file)
    if isinstance(node.value, dict):
        made.value = {
            name: (key, with_values(value, interpolation, done, wrong, file))
            for name, (key, value) in node.value.items()
        }
    elif isinstance(node.value, list):
        made.value = [with_values(item, interpolation, done, wrong, file) for item in node.value]
    elif node.value and "$" in node.value:
        made.value = Interpolated(interpolation.of(node.value), node.value)
        wrong += [(node, message) for message in dict.fromkeys(interpolation.problems)]
        interpolation.problems.clear()
    return made


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
