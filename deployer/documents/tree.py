"""Looking into a tree of nodes: whatever is not there, or is of another kind, is nothing."""

from collections.abc import Iterator

from deployer.documents.nodes import Node

TRUE = frozenset({"true", "1", "y", "yes", "on"})


def value_of(node: Node | None, key: str) -> Node | None:
    """The value of a key of a section, None where there is none."""
    found = node.value.get(key) if node and isinstance(node.value, dict) else None
    return found[1] if found else None


def scalar_of(node: Node | None, key: str) -> str:
    """The text of a key of a section, empty where there is none."""
    value = value_of(node, key)
    return value.value if value and isinstance(value.value, str) else ""


def is_true(node: Node | None, key: str) -> bool:
    """Whether a switch of a section is on, in one of the words that Docker Compose takes for that."""
    return scalar_of(node, key).lower() in TRUE


def section(node: Node | None, key: str) -> dict[str, Node]:
    """The entries of a section by name."""
    found = value_of(node, key)
    entries = found.value if found and isinstance(found.value, dict) else {}
    return {name: value for name, (_, value) in entries.items()}


def entries(node: Node | None, key: str) -> list[Node]:
    """The entries of a list; nothing of what is none."""
    found = value_of(node, key)
    return found.value if found and isinstance(found.value, list) else []


def items(node: Node | None, key: str) -> list[Node]:
    """The entries of a list, or the only value that stands in its place."""
    found = value_of(node, key)
    if found is None or found.value is None:
        return []
    return found.value if isinstance(found.value, list) else [found]


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
