"""What the services of a compose file mount from the server, in both ways of writing it."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.config.nodes import Node
from deployer.config.ports import scalar_of, value_of

TRUE = frozenset({"true", "1", "y", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A path of the server in a container; relative ones are beside the compose file."""

    node: Node
    source: str
    target: str
    writable: bool


def mounts(service: Node) -> Iterator[Mount]:
    """The paths that one service mounts; no volumes."""
    entries = value_of(service, "volumes")
    for entry in entries.value if entries and isinstance(entries.value, list) else ():
        if isinstance(entry.value, str):
            source, separator, rest = entry.value.partition(":")
            target, _, options = rest.partition(":")
            if separator and source.startswith((".", "/", "~")):
                writable = "ro" not in options.split(",")
                yield Mount(entry, plain(source), target, writable)
        elif scalar_of(entry, "type") == "bind" and (source := scalar_of(entry, "source")):
            writable = scalar_of(entry, "read_only").lower() not in TRUE
            yield Mount(entry, plain(source), scalar_of(entry, "target"), writable)


def volumes(service: Node) -> Iterator[Mount]:
    """The volumes that one service mounts, by their names in the file; one without a name has no source."""
    entries = value_of(service, "volumes")
    for entry in entries.value if entries and isinstance(entries.value, list) else ():
        if isinstance(entry.value, str):
            source, separator, rest = entry.value.partition(":")
            target, _, options = rest.partition(":")
            if not separator:
                yield Mount(entry, "", entry.value, True)
            elif not source.startswith((".", "/", "~")):
                yield Mount(entry, source, target, "ro" not in options.split(","))
        elif scalar_of(entry, "type") == "volume":
            writable = scalar_of(entry, "read_only").lower() not in TRUE
            yield Mount(entry, scalar_of(entry, "source"), scalar_of(entry, "target"), writable)


def devices(root: Node | None) -> Iterator[Mount]:
    """The paths that volumes of the file stand for."""
    volumes = value_of(root, "volumes")
    for _, volume in volumes.value.values() if volumes and isinstance(volumes.value, dict) else ():
        options = value_of(volume, "driver_opts")
        if "bind" in scalar_of(options, "o").split(",") and (source := scalar_of(options, "device")):
            yield Mount(volume, plain(source), "", "ro" not in scalar_of(options, "o").split(","))


def plain(source: str) -> str:
    """The path without what changes nothing: doubled slashes, points, and a slash at its end."""
    return posixpath.normpath(source.replace("//", "/"))
