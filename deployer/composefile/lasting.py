"""The services of a compose file that shall always have a container."""

from collections.abc import Collection

from deployer.composefile.compose_file import Definition
from deployer.composefile.interpolation import UNKNOWN
from deployer.documents.nodes import Node
from deployer.documents.tree import items, scalar_of, section, value_of


def lasting(file: Definition, profiles: Collection[str] = ()) -> frozenset[str]:
    """Those without which Docker Compose would make a new container, as far as the file alone tells.

    A job that others wait for until it has ended does its work once, and may be cleaned away then.
    """
    jobs = {job for service in file.services.values() for job in awaited(service)}
    return frozenset(
        name for name, node in file.services.items() if name not in jobs and not optional(node, profiles)
    )


def awaited(service: Node) -> set[str]:
    """The jobs that must have ended well before this service starts."""
    needs = section(service, "depends_on").items()
    return {name for name, how in needs if scalar_of(how, "condition") == "service_completed_successfully"}


def optional(service: Node, profiles: Collection[str]) -> bool:
    """Whether there may be no container of it: by a profile, by its number, or by what another file says."""
    number = scalar_of(service, "scale") or scalar_of(value_of(service, "deploy"), "replicas")
    elsewhere = value_of(service, "extends") or value_of(service, "provider")
    return switched_off(service, profiles) or bool(elsewhere) or number == "0" or UNKNOWN in number


def switched_off(service: Node, profiles: Collection[str]) -> bool:
    """Whether it has profiles, and none of these is among them."""
    own = [each.value for each in items(service, "profiles")]
    return bool(own and not {"*", *own} & {*profiles})
