"""The names in a sites.yaml, also in one with mistakes: for completion while somebody types."""

from pathlib import Path

import yaml


def names(path: Path, *sections: str) -> list[str]:
    """The names below sections such as `sites` or `backups.folders`; none of a file that cannot be read."""
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return []
    found = []
    for section in sections:
        node = root
        for word in section.split("."):
            node = _below(node, word)
        found += [key.value for key, _ in _pairs(node) if isinstance(key, yaml.ScalarNode)]
    return list(dict.fromkeys(found))


def _below(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []
