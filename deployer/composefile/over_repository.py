"""What the user's own compose files say over one in a repository, which is read on the server alone; pure."""

from collections.abc import Collection, Iterator

from deployer.composefile.compose_file import Definition
from deployer.composefile.dangers import dangers, of_service
from deployer.composefile.interpolation import NO_VALUE
from deployer.documents.nodes import Node
from deployer.documents.tree import scalar_of, section, value_of
from deployer.errors import Problem
from deployer.values.quantities import shown

TOP = {
    "include": "name each file under override: in sites.yaml",
    "name": "project: in sites.yaml says what it is called",
}
OF_SERVICES = {
    "build": "what is built is in the repository",
    "env_file": "nothing beside this file goes along: write environment:",
    "label_file": "nothing beside this file goes along: write labels:",
    "ports": "publish: in sites.yaml says which of its ports NGINX and this server find",
}
"""What only a repository has, or sites.yaml, and what to do instead."""


def own(file: Definition) -> tuple[str, ...]:
    """What is the override's own, as PART NAME: services with an image, and all beside services."""
    services = tuple(f"services {name}" for name, node in file.services.items() if scalar_of(node, "image"))
    return services + tuple(
        f"{part} {name}"
        for part in ("volumes", "networks", "configs", "secrets")
        for name in section(file.root, part)
    )


def laid(file: Definition) -> tuple[str, ...]:
    """The services over which it says something: those of the repository."""
    return tuple(name for name in file.services if f"services {name}" not in own(file))


def remarks(file: Definition) -> Iterator[str]:
    """What is dangerous in it, and who has that, too, in a sentence each."""
    yield from (f"override: {danger}" for danger in dangers(file))
    names = [name for name in laid(file) if any(of_service(file.services[name]))]
    if names:
        who = "whoever may push to it has that, too"
        yield f"override: what {' and '.join(names)} runs, the repository says: {who}"


def problems(file: Definition, given: Collection[str]) -> list[Problem]:
    """What is wrong with it; `given` are the variables that sites.yaml gives."""
    if file.root is None:
        return list(file.problems)
    reasons = [*misplaced(file.root), *unfound(file.root, given)]
    for name, service in file.services.items():
        reasons += of_a_service(f"services.{name}", service)
    return [*file.problems, *(file.at(node, message) for node, message in reasons)]


def misplaced(root: Node) -> Iterator[tuple[Node, str]]:
    """What does not belong at its top."""
    for key, advice in TOP.items():
        if node := value_of(root, key):
            yield node, f"{key}: this has no place in an override of a repository: {advice}"


def of_a_service(where: str, service: Node) -> Iterator[tuple[Node, str]]:
    """What no service of it may have."""
    for key, advice in OF_SERVICES.items():
        if (node := value_of(service, key)) and node.value:
            yield node, f"{where}.{key}: this has no place in an override of a repository: {advice}"
    if node := value_of(value_of(service, "extends"), "file"):
        yield node, f"{where}.extends: only a service of this file can be extended"
    if (node := value_of(service, "network_mode")) and node.value == "host":
        yield node, f"{where}.network_mode: all its ports would be open to everyone"


def unfound(root: Node, given: Collection[str]) -> Iterator[tuple[Node, str]]:
    """Configs and secrets that would have no content."""
    for part in ("configs", "secrets"):
        for name, node in section(root, part).items():
            path, variable = value_of(node, "file"), value_of(node, "environment")
            if path and not str(path.value).startswith("/"):
                instead = "environment:, with a value of sites.yaml" + (
                    ", or content:" if part == "configs" else ""
                )
                yield path, f"{part}.{name}.file: nothing beside this file goes along: write {instead}"
            if variable and str(variable.value) not in given:
                yield variable, f"{part}.{name}: {shown(str(variable.value))} {NO_VALUE} in sites.yaml"
