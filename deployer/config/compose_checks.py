"""What is wrong with a user's own docker-compose.yml, as far as one can know without Docker."""

import re
from collections.abc import Collection, Iterator

from deployer.config.attachments import LocalFile
from deployer.config.compose_file import all_published, at, parse, scalars, services
from deployer.config.nodes import Node
from deployer.config.ports import local_text, published, scalar_of, value_of
from deployer.config.quantities import shown
from deployer.errors import Problem

INTERPOLATION = re.compile(r"\$\$|\$(?P<plain>[A-Za-z_]\w*)|\$\{(?P<name>[A-Za-z_]\w*)(?P<how>:?[-+?])?")
SET_BY_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME"})


def problems(
    file: LocalFile, known: Collection[str], delivered: Collection[str], public: bool
) -> list[Problem]:
    """Everything that is wrong with the file.

    `known` are the variables that it may use, `delivered` the files beside it on the server, and `public`
    says that it may publish ports to everyone.
    """
    root, found = parse(file)
    if root is None:
        return list(found)
    reasons = [*unknown_variables(root, known), *elsewhere(root), *missing_files(root, delivered)]
    if not public:
        reasons += public_ways(root)
    return [*found, *(at(file, node, message) for node, message in reasons)]


def unknown_variables(root: Node, known: Collection[str]) -> Iterator[tuple[Node, str]]:
    """Every variable without a default that nothing gives a value."""
    for node in scalars(root):
        for match in INTERPOLATION.finditer(str(node.value)):
            name = match["plain"] or match["name"]
            if name and (match["how"] or "?")[-1] == "?" and name not in {*known, *SET_BY_COMPOSE}:
                yield (
                    node,
                    f"${{{name}}} has no value: declare it in sites.yaml, under secrets or environment",
                )


def elsewhere(root: Node) -> Iterator[tuple[Node, str]]:
    """Parts of the configuration that are in other files, where nothing checks them."""
    if included := value_of(root, "include"):
        yield (
            included,
            "include: is not possible here, for nothing would check that file: write it into this one",
        )
    for name, service in services(root).items():
        if extended := value_of(value_of(service, "extends"), "file"):
            yield extended, f"services.{name}.extends: only a service of this file can be extended"


def missing_files(root: Node, delivered: Collection[str]) -> Iterator[tuple[Node, str]]:
    """Files that the server would not have."""
    named = [node for service in services(root).values() for node in env_files(service)]
    for section in ("configs", "secrets"):
        entries = value_of(root, section)
        values = entries.value.values() if entries and isinstance(entries.value, dict) else ()
        named += [file for _, entry in values if (file := value_of(entry, "file"))]
    for node in named:
        path = str(node.value).removeprefix("./")
        if (
            isinstance(node.value, str)
            and path not in {*delivered, ".env"}
            and not path.startswith(("/", "$"))
        ):
            yield node, f"{shown(path)} would not be on the server: name it in sites.yaml, under files"


def env_files(service: Node) -> Iterator[Node]:
    """The paths in env_file, in its three ways of writing."""
    node = value_of(service, "env_file")
    for entry in node.value if node and isinstance(node.value, list) else [node]:
        if entry and isinstance(entry.value, str):
            yield entry
        elif (path := value_of(entry, "path")) and scalar_of(entry, "required") != "false":
            yield path


def public_ways(root: Node) -> Iterator[tuple[Node, str]]:
    """Every way in which others than this server reach a container; Docker opens ports past UFW."""
    advice = "or say public: true in sites.yaml"
    for name, service in services(root).items():
        for entry in published(service):
            if not entry.local:
                message = f"{shown(entry.text)} is open to everyone, past the firewall too"
                yield entry.node, f"services.{name}.ports: {message}: write {local_text(entry)}, {advice}"
        mode = value_of(service, "network_mode")
        if mode and mode.value == "host":
            yield (
                mode,
                f"services.{name}.network_mode: all its ports are open to everyone: publish them, {advice}",
            )
    networks = value_of(root, "networks")
    for name, (_, network) in (
        networks.value if networks and isinstance(networks.value, dict) else {}
    ).items():
        driver = scalar_of(network, "driver") or scalar_of(network, "name")
        if driver in ("host", "macvlan", "ipvlan"):
            yield network, f"networks.{name}: {driver} opens all ports to others: leave it out, {advice}"


def port_problems(file: LocalFile, port: int) -> list[Problem]:
    """Whether nothing would answer at this port, as far as one can know."""
    root = parse(file)[0]
    entries = all_published(file)
    unknown = any(not entry.ports for entry in entries)
    if root is None or unknown or any(port in entry.ports for entry in entries) or any_host_network(root):
        return []
    message = f"no service publishes 127.0.0.1:{port}, where sites.yaml says that NGINX finds it"
    return [at(file, value_of(root, "services") or root, message)]


def any_host_network(root: Node) -> bool:
    """Whether a service has the network of the server itself."""
    return any(scalar_of(service, "network_mode") == "host" for service in services(root).values())
