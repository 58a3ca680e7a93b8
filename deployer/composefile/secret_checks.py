"""What services ask of the secrets and configs of a compose file, and Docker Compose would not find; pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from deployer.composefile.compose_file import Definition
from deployer.composefile.interpolation import NO_VALUE, UNKNOWN
from deployer.composefile.lasting import switched_off
from deployer.documents.nodes import Node
from deployer.documents.tree import entries, is_true, section, value_of
from deployer.errors import Problem
from deployer.values.quantities import shown

KEPT = ("secrets", "configs")


@dataclass(frozen=True, slots=True)
class Wish:
    """That a part of a service, `where`, shall have this one of the file's secrets or configs."""

    node: Node
    where: str
    key: str
    name: str


def secret_problems(file: Definition, given: Collection[str], profiles: Collection[str]) -> list[Problem]:
    """Those that nothing defines, or that have no value among the given names; of services that run."""
    found: dict[tuple[str, str], Problem] = {}
    for wish in wishes(file, profiles):
        defined = section(file.root, wish.key).get(wish.name)
        if defined is None:
            problem = file.at(wish.node, f"{wish.where}: {undefined(wish)}")
        elif wrong := unfound(defined, wish, given):
            problem = file.at(wrong[0], f"{wish.key}.{wish.name}: {wrong[1]}")
        else:
            continue
        found.setdefault((wish.key, wish.name), problem)
    return [*found.values()]


def wishes(file: Definition, profiles: Collection[str]) -> Iterator[Wish]:
    """All that the services ask for which run with these profiles."""
    for service, node in file.services.items():
        if switched_off(node, profiles):
            continue
        for key in KEPT:
            yield from asked(node, f"services.{service}.{key}", key)
        yield from asked(value_of(node, "build"), f"services.{service}.build.secrets", "secrets")


def asked(node: Node | None, where: str, key: str) -> Iterator[Wish]:
    """What this part asks for."""
    for entry in entries(node, key):
        name = value_of(entry, "source") or entry
        if isinstance(name.value, str) and UNKNOWN not in name.value:
            yield Wish(name, where, key, name.value)


def undefined(wish: Wish) -> str:
    """What is wrong where nothing defines it, and how it could be made."""
    told = f"nothing below {wish.key}: of this file defines {shown(wish.name)}"
    if wish.key == "configs":
        return f"{told}: write it there, with its file"
    variable = "".join(each if each.isalnum() else "_" for each in wish.name.upper())
    return (
        f"{told}: write {wish.name}: {{environment: {variable}}} there, "
        f"and secrets: {{{variable}: generate}} in sites.yaml"
    )


def unfound(defined: Node, wish: Wish, given: Collection[str]) -> tuple[Node, str] | None:
    """Why one that is defined has no value all the same, and where that is said."""
    if is_true(defined, "external"):
        return defined, f"Docker Compose knows no external {wish.key}, which are for a swarm: give it a file:"
    node = value_of(defined, "environment")
    if node is None or not isinstance(node.value, str) or UNKNOWN in node.value or node.value in given:
        return None
    place, source = ("secrets", "generate") if wish.key == "secrets" else ("environment", "…")
    made = f"{place}: {{{node.value}: {source}}} in sites.yaml, or where else it comes from"
    return node, f"{node.value} {NO_VALUE}: write {made}"
