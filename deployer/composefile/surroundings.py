"""What a compose file mounts, reads or builds from beside itself."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from deployer.composefile.compose_file import Definition
from deployer.composefile.interpolation import UNKNOWN, written
from deployer.composefile.mounts import mounts
from deployer.documents.nodes import Node
from deployer.documents.tree import TRUE, items, scalar_of, section, value_of

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://.*|git@.*|github\.com/.*|service:.*", re.IGNORECASE)


class How(Enum):
    """What becomes of a path beside the compose file."""

    READ = auto()
    """Docker Compose or a container reads the file."""
    SECRET = auto()
    """A container reads the file, which is a secret."""
    ENVIRONMENT = auto()
    """Docker Compose reads the file, with secrets perhaps, and nobody else."""
    MOUNT = auto()
    """A container sees it, and writes there perhaps."""
    BUILD = auto()
    """An image is built of the folder."""


@dataclass(frozen=True, slots=True)
class Need:
    """A path beside the compose file that its part `where` needs; `other` is the Dockerfile or the target."""

    node: Node
    where: str
    path: str
    how: How
    other: str = ""
    writable: bool = False
    required: bool = True

    @property
    def text(self) -> str:
        """The path as it stands in the file, or what stands for it."""
        return written(self.node.value) if isinstance(self.node.value, str) else self.path


def needs(file: Definition) -> Iterator[Need]:
    """Every path beside the file that it needs, in order."""
    for need in named(file):
        if need.path and not need.path.startswith(("/", "~")) and UNKNOWN not in need.path:
            yield need


def named(file: Definition) -> Iterator[Need]:
    """Every path, wherever it is."""
    for name, service in file.services.items():
        where = f"services.{name}"
        yield from read_by_compose(service, where)
        for mount in mounts(service):
            yield Need(mount.node, f"{where}.volumes", mount.source, How.MOUNT, mount.target, mount.writable)
        yield from built(service, where)
    for key, how in (("configs", How.READ), ("secrets", How.SECRET)):
        for name, entry in section(file.root, key).items():
            if (node := value_of(entry, "file")) and isinstance(node.value, str):
                yield Need(node, f"{key}.{name}", posixpath.normpath(node.value), how)


def read_by_compose(service: Node, where: str) -> Iterator[Need]:
    """The files that Docker Compose takes variables and labels from."""
    for entry in items(service, "env_file"):
        node = value_of(entry, "path") or entry
        if isinstance(node.value, str):
            required = scalar_of(entry, "required").lower() in ("", *TRUE)
            path = posixpath.normpath(node.value)
            yield Need(node, f"{where}.env_file", path, How.ENVIRONMENT, required=required)
    for entry in items(service, "label_file"):
        if isinstance(entry.value, str):
            yield Need(entry, f"{where}.label_file", posixpath.normpath(entry.value), How.READ)


def built(service: Node, where: str) -> Iterator[Need]:
    """The folders that its image is built of."""
    build = value_of(service, "build")
    if build is None:
        return
    contexts = [value_of(build, "context") or build]
    file = "" if scalar_of(build, "dockerfile_inline") else scalar_of(build, "dockerfile") or "Dockerfile"
    for node in contexts:
        path = node.value if isinstance(node.value, str) else "."
        if not REMOTE.fullmatch(path):
            yield Need(node, f"{where}.build", posixpath.normpath(path), How.BUILD, file)
    more = value_of(build, "additional_contexts")
    named_more = more.value.values() if more and isinstance(more.value, dict) else ()
    for node in [value for _, value in named_more] or items(build, "additional_contexts"):
        path = str(node.value).rpartition("=")[2]
        if not REMOTE.fullmatch(path) and not isinstance(node.value, dict):
            yield Need(node, f"{where}.build", posixpath.normpath(path), How.BUILD)
