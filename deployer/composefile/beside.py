"""Whether two containers of a service can run beside each other; pure."""

from collections.abc import Iterator

from deployer.composefile.compose_file import Definition
from deployer.composefile.mounts import Mount, What, mounted
from deployer.composefile.ports import published
from deployer.documents.nodes import Node
from deployer.documents.tree import scalar_of, value_of
from deployer.errors import Problem

ADVICE = "leave it out, or replace: start-first in sites.yaml"


def service_at(file: Definition, port: int) -> str:
    """The service that publishes this port; empty where none does."""
    found = (
        name for name, each in file.services.items() if any(port in one.ports for one in published(each))
    )
    return next(found, "")


def beside_problems(file: Definition, port: int) -> list[Problem]:
    """What in the service at this port keeps a second container of it from starting."""
    name = service_at(file, port)
    if not name:
        return []
    return [
        file.at(node, f"services.{name}.{why}, so two cannot run at once: {ADVICE}")
        for node, why in _kept_apart(file.services[name], port)
    ]


def _kept_apart(service: Node, port: int) -> Iterator[tuple[Node, str]]:
    if called := value_of(service, "container_name"):
        yield called, "container_name: one container alone can have a name"
    if scalar_of(service, "network_mode") == "host" and (mode := value_of(service, "network_mode")):
        yield mode, "network_mode: both would listen on the server's own ports"
    for entry in published(service):
        if entry.ports != (port,) and entry.ports:
            yield service, f"ports: {entry.text} can be published by one container alone"
        elif entry.ports == (port,) and not entry.local:
            yield service, f"ports: {entry.text} is where everyone looks for one container"


def shared_by_two(file: Definition, port: int) -> tuple[str, ...]:
    """The volumes and folders that two containers of the service at this port would both write to."""
    service = file.services.get(service_at(file, port))
    if service is None:
        return ()
    found = (each for each in mounted(service) if each.writable and each.source)
    return tuple(dict.fromkeys(_named(each) for each in found))


def _named(mount: Mount) -> str:
    beside = mount.what is What.PATH and not mount.source.startswith("/")
    return f"./{mount.source}" if beside else mount.source
