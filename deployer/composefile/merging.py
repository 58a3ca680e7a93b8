"""Several compose files as one, by the rules of Docker Compose for `-f a.yml -f b.yml`; pure."""

from collections.abc import Callable, Hashable
from dataclasses import replace

from deployer.composefile import mounts, ports
from deployer.documents.nodes import Node, Tagged
from deployer.documents.tree import scalar_of

RESET, OVERRIDE = "!reset", "!override"
REPLACED = frozenset({"command", "entrypoint", "healthcheck.test"})
"""Lists of a service that the later file replaces, where others grow."""
NAMED = frozenset(
    {
        *("environment", "labels", "annotations", "sysctls", "extra_hosts", "depends_on", "networks"),
        *("build.args", "build.labels"),
    }
)
"""Sections of a service that may be a list of their keys, or of KEY=VALUE."""


def merged(base: Node, over: Node, path: tuple[str, ...] = ()) -> Node:
    """The first with what the second says over it; each node stays the one of its file."""
    if isinstance(over, Tagged) and over.tag == OVERRIDE:
        return over
    key = ".".join(path[2:]) if path[:1] == ("services",) else ""
    if over.value is None or base.value is None or key in REPLACED:
        return base if over.value is None else over
    if key == "build":
        base, over = in_context(base), in_context(over)
    if key in NAMED:
        base, over = by_name(base), by_name(over)
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        return replace(base, value=of_both(base.value, over.value, path))
    if isinstance(base.value, list) or isinstance(over.value, list):
        identity = UNIQUE.get(key, same_text)
        found = {identity(item): item for each in (base, over) for item in listed(each)}
        return replace(base, value=[*found.values()])
    return over


def of_both(
    base: dict[str, tuple[Node, Node]], over: dict[str, tuple[Node, Node]], path: tuple[str, ...]
) -> dict[str, tuple[Node, Node]]:
    """All keys of two mappings, without those that the second takes away."""
    found = dict(base)
    for name, (key, value) in over.items():
        if isinstance(value, Tagged) and value.tag == RESET:
            found.pop(name, None)
        elif name in base:
            found[name] = key, merged(base[name][1], value, (*path, name))
        else:
            found[name] = key, value
    return found


def in_context(build: Node) -> Node:
    """What `build: FOLDER` is short for."""
    if isinstance(build.value, dict):
        return build
    return replace(build, value={"context": (build, build)})


def by_name(node: Node) -> Node:
    """A list of keys, or of KEY=VALUE, as the mapping that it is short for."""
    if not isinstance(node.value, list):
        return node
    found = {}
    for item in node.value:
        name, separator, value = str(item.value).partition("=")
        found[name] = item, replace(item, value=value if separator else None)
    return replace(node, value=found)


def listed(node: Node) -> list[Node]:
    """The entries of a list, or the only value that stands in its place."""
    return node.value if isinstance(node.value, list) else [node]


def same_text(node: Node) -> Hashable:
    """What an entry says, or itself where that is no text."""
    return node.value if isinstance(node.value, str) else id(node)


def same_port(node: Node) -> Hashable:
    """What an entry of `ports` publishes."""
    found = ports.short(node) if isinstance(node.value, str) else ports.long(node)
    return found.address, found.ports, found.protocol, found.target


def same_target(node: Node) -> Hashable:
    """Where an entry is in the container."""
    found = mounts.short(node, node.value) if isinstance(node.value, str) else mounts.long(node)
    return found.target if found else scalar_of(node, "target")


def same_path(node: Node) -> Hashable:
    """What an entry of `env_file`, or of a service's `configs` and `secrets`, stands for."""
    return node.value if isinstance(node.value, str) else scalar_of(node, "path") or scalar_of(node, "source")


UNIQUE: dict[str, Callable[[Node], Hashable]] = {
    "ports": same_port,
    "volumes": same_target,
    "env_file": same_path,
    "configs": same_path,
    "secrets": same_path,
}
"""What makes two entries of a list one, of which the later counts; elsewhere it is their text."""
