"""The text of a sites.yaml with sections of its own in place of some: the rest stays as it is written."""

from collections.abc import Mapping
from typing import Any

import yaml


def relocated(text: str, sections: Mapping[str, Any]) -> str:
    """The same text with these top-level sections, where its first key stands.

    Raises ValueError when the text is no mapping in block style.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or not root.value:
        raise ValueError("this sites.yaml is not written in lines of its own")
    lines = text.splitlines(keepends=True)
    for key, value in reversed(root.value):
        if key.value in sections:
            del lines[key.start_mark.line : max(key.end_mark.line, last_line(value)) + 1]
    first = root.value[0][0].start_mark.line
    written = yaml.safe_dump(dict(sections), default_flow_style=None, sort_keys=False, width=1000)
    return "".join([*lines[:first], written, *lines[first:]])


def last_line(node: yaml.Node) -> int:
    """The last line of a value, without the blank lines and comments that follow it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return last_line(node.value[-1])
    end = node.end_mark
    return end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line
