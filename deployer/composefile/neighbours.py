"""The compose files beside one that it takes in: by `include:`, or by `extends:` with a file."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from deployer.composefile.compose_file import Definition, Given, parsed
from deployer.composefile.folders import attached
from deployer.composefile.listed import FOUND_BY_COMPOSE
from deployer.composefile.merging import merged
from deployer.documents.nodes import Node
from deployer.documents.tree import items, scalar_of, section, value_of
from deployer.values.attachments import LocalFile

MOST = 20


def named(root: Node | None) -> Iterator[str]:
    """The files in the same folder that a compose file takes in, as far as we can do so, too."""
    for entry in items(root, "include"):
        for each in items(entry, "path") or [entry]:
            yield str(each.value)
    for service in section(root, "services").values():
        yield scalar_of(value_of(service, "extends"), "file")


def neighbours(files: Iterable[LocalFile]) -> tuple[LocalFile, ...]:
    """All that these files take in, and what those do."""
    found: dict[str, LocalFile] = {}
    waiting = [*files]
    while waiting and len(found) < MOST:
        file = waiting.pop(0)
        for name in named(parsed(file, ()).root):
            other = read(name, file)
            if other and other.written not in found:
                found[other.written] = other
                waiting.append(other)
    return tuple(found.values())


def with_neighbours(file: Definition, given: Given, others: tuple[LocalFile, ...]) -> Definition:
    """The definition with what it takes in of these files."""
    if file.root is None or not others:
        return file
    each = {other.written: parsed(other, given) for other in others}
    trees = {name: found.root for name, found in each.items() if found.root}
    for name in reversed([*trees]):  # those that were found last are taken in by the ones before
        trees[name] = taken_in(trees[name], trees)
    problems = [problem for found in each.values() for problem in found.problems]
    return replace(file, root=taken_in(file.root, trees), problems=(*file.problems, *problems))


def is_plain(name: str) -> bool:
    """Whether a name is that of a file in the same folder which Docker Compose finds by no other way."""
    plain = name.removeprefix("./")
    return bool(plain) and "/" not in plain and not FOUND_BY_COMPOSE.fullmatch(plain)


def read(name: str, beside: LocalFile) -> LocalFile | None:
    """Such a file, None where it cannot be had."""
    try:
        return attached(name.removeprefix("./"), beside.folder) if is_plain(name) else None
    except (ValueError, OSError):
        return None


def taken_in(root: Node, others: dict[str, Node]) -> Node:
    """The tree with all that it takes in from the trees of these files; what is none of them stays named."""
    if not isinstance(root.value, dict):
        return root
    left = []
    for entry in items(root, "include"):
        names = [str(each.value).removeprefix("./") for each in items(entry, "path") or [entry]]
        if not all(name in others for name in names):
            left.append(entry)
            continue
        for name in names:
            base = others[name]
            root = replace(merged(base, root), line=root.line, column=root.column)
    key = root.value.get("include") if isinstance(root.value, dict) else None
    if key and isinstance(root.value, dict):
        rest = {name: pair for name, pair in root.value.items() if name != "include"}
        kept = {"include": (key[0], replace(key[1], value=left))} if left else {}
        root = replace(root, value={**rest, **kept})
    return with_extended(root, others)


def with_extended(root: Node, others: dict[str, Node]) -> Node:
    """The tree with each service over the one of another file that it extends."""
    services = value_of(root, "services")
    if not isinstance(root.value, dict) or services is None or not isinstance(services.value, dict):
        return root
    made = {}
    for name, (key, service) in services.value.items():
        extends = value_of(service, "extends")
        other = others.get(scalar_of(extends, "file").removeprefix("./"))
        base = section(other, "services").get(scalar_of(extends, "service") or name) if other else None
        if base is not None and isinstance(service.value, dict):
            own = {each: pair for each, pair in service.value.items() if each != "extends"}
            service = merged(base, replace(service, value=own), ("services", name))
        made[name] = key, service
    whole = root.value["services"][0], replace(services, value=made)
    return replace(root, value={**root.value, "services": whole})
