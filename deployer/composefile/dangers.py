"""What in a compose file gives whoever breaks into a container more of the server than it should."""

import re
from collections.abc import Iterator

from deployer.composefile.compose_file import Definition
from deployer.composefile.mounts import Mount, mounts
from deployer.composefile.volumes import devices
from deployer.documents.nodes import Node
from deployer.documents.tree import is_true, items, scalar_of, scalars, value_of

SOCKET = "docker.sock"
WITH_SOCKET = frozenset({"/", "/run", "/var/run"})
"""Folders with Docker's socket in them. Who may only read there may talk to it all the same."""
OF_THE_SERVER = re.compile(r"/(|etc|root|home|boot|usr|lib|bin|sbin|opt|srv|var|var/lib|var/lib/docker)")
READABLE = re.compile(r"/(proc|sys|dev)")
"""Folders that tell little, and are the server itself only for who may write there."""
CAPABILITIES = frozenset(
    ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF"]
)
DISKS = re.compile(r"/dev/(sd|vd|xvd|hd|nvme|mmcblk|dm-|md|mapper/|disk/|loop|mem|kmem|port)[\w./-]*")
BROKEN_INTO = "whoever breaks into it has the server"


def dangers(file: Definition) -> Iterator[str]:
    """Each danger with its service, in a sentence."""
    for name, service in file.services.items():
        for danger in dict.fromkeys(of_service(service)):
            yield f"its service {name} {danger}"
    for mount in devices(file):
        if danger := of_mount(mount):
            yield f"one of its volumes {danger}"


def of_service(service: Node) -> Iterator[str]:
    """The dangers of one service."""
    runs = [service, value_of(service, "build"), *items(service, "post_start"), *items(service, "pre_stop")]
    if any(is_true(each, "privileged") for each in runs):
        yield f"is privileged: {BROKEN_INTO}"
    if any(SOCKET in str(node.value) for node in scalars(service)) or uses_socket(service):
        yield f"controls Docker: {BROKEN_INTO}"
    for mount in mounts(service):
        if danger := of_mount(mount):
            yield danger
    if scalar_of(service, "pid") == "host":
        yield "sees all processes of the server (pid: host), and what they have in their environment"
    for each in items(service, "cap_add"):
        if (capability := str(each.value).upper().removeprefix("CAP_")) in CAPABILITIES:
            yield f"has the capability {capability}: {BROKEN_INTO}"
    for each in items(service, "devices"):
        device = (scalar_of(each, "source") or str(each.value)).partition(":")[0]
        if DISKS.fullmatch(device):
            yield f"has the device {device} of the server: {BROKEN_INTO}"


def uses_socket(service: Node) -> bool:
    """Whether Compose gives it Docker's socket, or the socket is in a folder that it mounts."""
    return is_true(service, "use_api_socket") or any(mount.source in WITH_SOCKET for mount in mounts(service))


def of_mount(mount: Mount) -> str:
    """What is dangerous about a folder of the server in a container, if anything is."""
    may = reach(mount.source, mount.writable)
    return f"mounts {mount.source} of the server: whoever breaks into it {may} what is there" if may else ""


def reach(path: str, writable: bool) -> str:
    """What can be done with a folder of the server in a container, where that is too much."""
    if OF_THE_SERVER.fullmatch(path):
        return "reads and changes" if writable else "reads"
    return "reads and changes" if writable and READABLE.fullmatch(path) else ""
