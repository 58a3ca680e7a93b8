"""What a compose file says that a service has, and its archives will not have; pure.

The server knows more, what images and containers have mounted, and judges by the same rules each night.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deployer.composefile.compose_file import Definition
from deployer.composefile.interpolation import UNKNOWN
from deployer.composefile.mounts import NOBODYS, OF_THE_SYSTEM, WIDE, Mount, mounts, volumes
from deployer.composefile.volumes import elsewhere, name_of
from deployer.documents.nodes import Node
from deployer.documents.tree import section
from deployer.shares.backup import Backup


@dataclass(frozen=True, slots=True)
class Saved:
    """What is saved of the service in this folder, whose Docker Compose project is `project`."""

    folder: str
    project: str
    backup: Backup

    def has(self, path: str) -> bool:
        """Whether the path is saved, or a part of it, on purpose."""
        chosen = [f"{self.folder}/{each}" if each[0] != "/" else each for each in self.backup.paths]
        roots = [each.removesuffix("/.") for each in chosen]
        return any(f"{path}/".startswith(f"{root}/") or root.startswith(f"{path}/") for root in roots)

    def means(self, named: str) -> bool:
        """Whether `exclude` says that it is left out on purpose."""
        below = (f"{self.folder}/{{}}", f"{self.folder}/*/{{}}")
        return any(
            named == each
            or (each[0] == "/" and named.startswith(f"{each}/"))
            or any(fnmatchcase(named, pattern.format(each)) for pattern in below)
            for each in self.backup.exclude
        )

    def is_dumped(self, service: str, mount: Mount) -> bool:
        """Whether the dump of its database stands for it."""
        return bool(self.backup.dump) and service == self.backup.service and mount.writable


def unsaved(name: str, saved: Saved, definition: Definition) -> tuple[str, ...]:
    """What is not saved, and not left out on purpose, in a sentence each."""
    found = []
    for service, node in definition.services.items():
        found += [
            (f"volume {what} of {service}{why}" if what else f"a volume without a name of {service}{why}", by)
            for what, why, by in volumes_left(saved, service, node, section(definition.root, "volumes"))
        ]
        found += [(f"{path} of {service}{why}", path) for path, why in paths_left(saved, service, node)]
    return tuple(
        f"{name}: not saved: {what} (backup: exclude: [{by}] says that this is meant)"
        for what, by in dict.fromkeys(found)
        if not saved.means(by)
    )


def volumes_left(
    saved: Saved, service: str, node: Node, defined: dict[str, Node]
) -> Iterator[tuple[str, str, str]]:
    """The volumes of a service that are not saved, why, and how `exclude` names each."""
    for mount in volumes(node):
        volume = defined.get(mount.source)
        if saved.is_dumped(service, mount) or UNKNOWN in mount.source:
            continue
        if not mount.source:
            yield "", f", at {mount.target}", f"{service}:{mount.target}"
            continue
        name = name_of(mount.source, volume, saved.project)
        if why := elsewhere(volume):
            yield name, f", {why}", name
        elif saved.backup.volumes is not None and name not in saved.backup.volumes:
            yield name, "", name


def paths_left(saved: Saved, service: str, node: Node) -> Iterator[tuple[str, str]]:
    """The paths of the server that a service has mounted and that are not saved, and why."""
    for mount in mounts(node):
        path = mount.source if mount.source.startswith("/") else f"{saved.folder}/{mount.source}"
        outside = not path.startswith(f"{saved.folder}/") and path != saved.folder
        nobodys = NOBODYS.match(path) or (not mount.writable and (OF_THE_SYSTEM.match(path) or not outside))
        if nobodys or UNKNOWN in path or saved.has(path) or saved.is_dumped(service, mount):
            continue
        if not mount.writable:
            yield path, ", read only"
        elif "." not in saved.backup.paths:
            yield path, ""
        elif WIDE.fullmatch(path):
            yield path, ", which has more than its data"
