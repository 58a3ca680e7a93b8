"""What is wrong with a user's own docker-compose.yml, as far as one can know without Docker."""

from collections.abc import Iterator

from deployer.composefile.compose_file import Definition, all_published, project
from deployer.composefile.interpolation import UNKNOWN, written
from deployer.composefile.laid_over import Public, Wishes, stays
from deployer.composefile.ports import Published, published
from deployer.documents.nodes import Node
from deployer.documents.tree import scalar_of, section, value_of
from deployer.errors import Problem
from deployer.values.quantities import shown
from deployer.values.service_names import project_name


def problems(file: Definition, public: Public) -> list[Problem]:
    """Everything that is wrong with the file; `public` says which ports it may publish to everyone."""
    root = file.root
    if root is None:
        return list(file.problems)
    reasons = [*named(root), *elsewhere(root)]
    if public is not True:
        reasons += public_ways(root, public)
    return [*file.problems, *(file.at(node, message) for node, message in reasons)]


def named(root: Node) -> Iterator[tuple[Node, str]]:
    """A name of which Docker Compose makes nothing, or what only the server knows."""
    name = value_of(root, "name")
    if name and not (isinstance(name.value, str) and UNKNOWN not in name.value and project_name(name.value)):
        text = shown(written(name.value) if UNKNOWN in str(name.value) else name.plain())
        yield name, f"name: {text} is no name for Docker Compose: write a-z, 0-9, - and _"


def elsewhere(root: Node) -> Iterator[tuple[Node, str]]:
    """What it takes of other files that are not beside it, or have a name that Docker Compose looks for."""
    only = "only a file that is in the same folder can be, and no compose.yaml or the like"
    if included := value_of(root, "include"):
        yield included, f"include: this cannot be taken in: {only}"
    for name, service in section(root, "services").items():
        if extended := value_of(value_of(service, "extends"), "file"):
            yield (
                extended,
                f"services.{name}.extends: {shown(str(extended.value))} cannot be taken in: {only}",
            )


def public_ways(root: Node, public: Public) -> Iterator[tuple[Node, str]]:
    """Every way in which others than this server reach a container; Docker opens ports past UFW."""
    advice = "or say public: true in sites.yaml"
    for name, service in section(root, "services").items():
        for entry in published(service):
            if not stays(entry, public):
                yield entry.node, f"services.{name}.ports: {why_public(entry)}, {advice}"
        mode = value_of(service, "network_mode")
        if mode and mode.value == "host":
            yield (
                mode,
                f"services.{name}.network_mode: all its ports are open to everyone: publish them, {advice}",
            )
    for name, network in section(root, "networks").items():
        driver = scalar_of(network, "driver") or scalar_of(network, "name")
        if driver in ("host", "macvlan", "ipvlan"):
            yield network, f"networks.{name}: {driver} opens all ports to others: leave it out, {advice}"


def why_public(entry: Published) -> str:
    """What is wrong with a port that others reach, and how it would be written."""
    resolved = entry.node.value if isinstance(entry.node.value, str) else entry.text
    meaning = f", which is {shown(resolved)}," if resolved != entry.text and UNKNOWN not in resolved else ""
    instead = "publish it on 127.0.0.1" if UNKNOWN in entry.local_text else f"write {shown(entry.local_text)}"
    if UNKNOWN in entry.address:
        return f"{shown(entry.text)} is on an address that only the server knows: {instead}"
    return f"{shown(entry.text)}{meaning} is open to everyone, past the firewall too: {instead}"


def not_there(file: Definition, wishes: Wishes) -> list[Problem]:
    """What sites.yaml wants of services that the file does not have."""
    if file.root is None:
        return []
    place = value_of(file.root, "services") or file.root
    return [
        file.at(place, f"there is no service {shown(name)}, whose port publish: in sites.yaml names")
        for name in dict.fromkeys(service for _, service, _ in wishes.publish)
        if name not in file.services
    ]


def not_opened(file: Definition, public: Public) -> list[Problem]:
    """The ports that shall stay open to everyone, and that no service opens."""
    entries = all_published(file)
    if isinstance(public, bool) or file.root is None or any(not entry.ports for entry in entries):
        return []
    opened = {port for entry in entries if not entry.local for port in entry.ports}
    place = value_of(file.root, "services") or file.root
    return [
        file.at(place, f"no service opens port {port} to everyone: leave it out under public: in sites.yaml")
        for port in sorted(public - opened)
    ]


def name_problems(file: Definition, wanted: str | None) -> list[Problem]:
    """Whether the file calls itself otherwise than sites.yaml does: by hand, it would be two."""
    if file.root is None or not wanted or project(file) in ("", wanted):
        return []
    message = f"sites.yaml says project: {wanted}, and this file another name: leave one of them out"
    return [file.at(value_of(file.root, "name") or file.root, message)]


def port_problems(file: Definition, port: int) -> list[Problem]:
    """Whether nothing would answer at this port, as far as one can know."""
    root = file.root
    entries = all_published(file)
    unknown = any(not entry.ports for entry in entries)
    if root is None or unknown or any(port in entry.ports for entry in entries) or any_host_network(root):
        return []
    message = f"no service publishes 127.0.0.1:{port}, where sites.yaml says that NGINX finds it"
    return [file.at(value_of(root, "services") or root, message)]


def any_host_network(root: Node) -> bool:
    """Whether a service has the network of the server itself."""
    return any(scalar_of(each, "network_mode") == "host" for each in section(root, "services").values())
