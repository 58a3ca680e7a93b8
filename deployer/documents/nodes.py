"""YAML text → nodes that know their line and column.

Built on PyYAML's events, so that a scalar keeps the text it has in the file: nothing turns `22:22` into 1342,
`no` into False or `1.10` into 1.1 before the type of its key has seen it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deployer.errors import ConfigError, Problem
from deployer.values.quantities import Plain, printable, shown

DEEPEST = 32
TOO_DEEP = "nested too deeply"
MOST_NODES = 100_000  # with each alias counted as what it stands for
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Node:
    """A scalar (text, Plain text or None), a list of nodes, or a mapping of key text to (key, value)."""

    line: int
    column: int
    value: "str | list[Node] | dict[str, tuple[Node, Node]] | None"
    size: int = 1

    def plain(self) -> Any:
        """The value without lines and columns."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, (_, node) in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value


@dataclass(slots=True)
class Tagged(Node):
    """A node that bears one of the tags which its kind of file may have."""

    tag: str = ""


class Composer:
    """Makes nodes of one document; problems that do not hinder reading are collected."""

    def __init__(self, text: str, file: str, empty: str = "", tags: Collection[str] = ()) -> None:
        self.file = file
        self.empty = empty
        self.tags = tags
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node | None] = {}
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def document(self) -> Node:
        """The only document of the text."""
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise ConfigError([Problem(self.file, 1, 1, f"the file is empty{self.empty}")])
        root = self.node(next(self.events), "", 0)
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.DocumentStartEvent):
            self.complain(event, "", f"a second document begins here: {Path(self.file).name} is one document")
        return root

    def node(self, event: Any, path: str, depth: int) -> Node:
        """The node that begins with this event."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > DEEPEST:
            raise ConfigError([self.problem(event, TOO_DEEP)])
        node = Node(event.start_mark.line + 1, event.start_mark.column + 1, None)
        if event.tag in self.tags:
            node = Tagged(node.line, node.column, None, tag=event.tag)
        elif event.tag is not None:
            self.complain(event, path, f"YAML tags such as {shown(event.tag)} are not used here")
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node.value = scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.value = self.items(path, depth)
            node.size += sum(item.size for item in node.value)
        else:
            node.value = self.entries(path, depth)
            node.size += sum(1 + value.size for _, value in node.value.values())
        if node.size > MOST_NODES:
            raise ConfigError([self.problem(event, f"more than {MOST_NODES} values: is an alias repeated?")])
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def items(self, path: str, depth: int) -> list[Node]:
        """The nodes of a list."""
        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, path, depth + 1))
        return found

    def entries(self, path: str, depth: int) -> dict[str, tuple[Node, Node]]:
        """The entries of a mapping; of a duplicate key the first counts, and `<<` adds what is not there."""
        found: dict[str, tuple[Node, Node]] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, path, depth + 1)
            name = key.value or "" if isinstance(key.value, str | None) else "?"
            value = self.node(next(self.events), f"{path}.{name}" if path else name, depth + 1)
            if not isinstance(key.value, str | None):
                self.complain(event, path, "a key must be text")
            elif name == "<<":
                merged += value.value if isinstance(value.value, list) else [value]
            elif name in found:
                first = found[name][0].line
                self.complain(event, path, f"{shown(name)} is here twice (first on line {first})")
            else:
                found[name] = (key, value)
        for source in merged:
            if isinstance(source.value, dict):
                found = {**source.value, **found}
            else:
                self.problems.append(
                    Problem(self.file, source.line, source.column, "<< merges only sections")
                )
        return found

    def alias(self, event: Any) -> Node:
        """What an alias stands for; all its problems have the line of the anchor."""
        node = self.anchors.get(event.anchor)
        if node is None:
            wrong = "stands inside itself" if event.anchor in self.anchors else "has no anchor before it"
            raise ConfigError([self.problem(event, f"the alias *{event.anchor} {wrong}")])
        return node

    def complain(self, event: Any, path: str, message: str) -> None:
        self.problems.append(self.problem(event, f"{printable(path)}: {message}" if path else message))

    def problem(self, event: Any, message: str) -> Problem:
        return Problem(self.file, event.start_mark.line + 1, event.start_mark.column + 1, message)


def scalar(event: yaml.ScalarEvent) -> str | None:
    """The text of a scalar; None for an empty one or null without quotes."""
    if not event.implicit[0]:
        return str(event.value)
    return None if event.value in NULLS else Plain(event.value)
