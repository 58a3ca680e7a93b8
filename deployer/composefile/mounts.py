"""What the services of a compose file mount from the server, in both ways of writing it."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from deployer.documents.nodes import Node
from deployer.documents.tree import entries, is_true, scalar_of

HOME = "/root"  # of who calls Docker Compose on the server: what `~` means there
NOBODYS = re.compile(r"/(proc|sys|dev|run|var/run|tmp)(/|$)")
OF_THE_SYSTEM = re.compile(r"/($|(etc|usr|boot|bin|sbin|lib\w*|var/log|var/lib/docker)(/|$)|var(/lib)?$)")
"""What tells of the server where it is read only, and is no data."""
WIDE = re.compile(
    r"/|/(etc|usr|bin|sbin|lib\w*|boot|srv|opt|home|home/backups|srv/deploy|var(/(lib(/docker)?|log))?)"
)
"""Folders that have more than the data of one service."""


class What(Enum):
    """What is mounted."""

    PATH = auto()
    VOLUME = auto()


@dataclass(frozen=True, slots=True)
class Mount:
    """A path or volume of the server in a container.

    `source` is a path, relative ones are beside the compose file; or a volume's name in the file, empty where
    it has none.
    """

    node: Node
    what: What
    source: str
    target: str
    writable: bool


def mounts(service: Node) -> Iterator[Mount]:
    """The paths that one service mounts."""
    return (mount for mount in mounted(service) if mount.what is What.PATH)


def volumes(service: Node) -> Iterator[Mount]:
    """The volumes that one service mounts."""
    return (mount for mount in mounted(service) if mount.what is What.VOLUME)


def mounted(service: Node) -> Iterator[Mount]:
    """All that one service mounts from the server, in order."""
    for entry in entries(service, "volumes"):
        if found := short(entry, entry.value) if isinstance(entry.value, str) else long(entry):
            yield found


def short(entry: Node, text: str) -> Mount:
    """An entry such as `./data:/data:ro`."""
    source, separator, rest = text.partition(":")
    target, _, options = rest.partition(":")
    if not separator:
        return Mount(entry, What.VOLUME, "", source, True)
    writable = "ro" not in options.split(",")
    if source.startswith((".", "/", "~")):
        return Mount(entry, What.PATH, plain(source), target, writable)
    return Mount(entry, What.VOLUME, source, target, writable)


def long(entry: Node) -> Mount | None:
    """An entry with the keys type, source, target and read_only; None for what is not the server's."""
    source, target = scalar_of(entry, "source"), scalar_of(entry, "target")
    writable = not is_true(entry, "read_only")
    match scalar_of(entry, "type"):
        case "bind" if source:
            return Mount(entry, What.PATH, plain(source), target, writable)
        case "volume":
            return Mount(entry, What.VOLUME, source, target, writable)
    return None


def plain(source: str) -> str:
    """The path without what changes nothing: doubled slashes, points, and a slash at its end."""
    path = f"{HOME}/{source[1:]}" if source.startswith("~") else source
    return posixpath.normpath(re.sub("/+", "/", path))
