"""The volumes of a compose file: their names for Docker, and where their data is."""

from collections.abc import Iterator

from deployer.composefile.compose_file import Definition
from deployer.composefile.mounts import NOBODYS, OF_THE_SYSTEM, WIDE, Mount, What, mounts, plain
from deployer.documents.nodes import Node
from deployer.documents.tree import is_true, scalar_of, section, value_of

BIND = frozenset({"bind", "rbind"})


def own(file: Definition) -> tuple[str, ...]:
    """The volumes that Docker Compose makes for it, but those that have a name of their own."""
    found = section(file.root, "volumes").items()
    return tuple(key for key, volume in found if not (value_of(volume, "name") or is_external(volume)))


def of_any_name(file: Definition) -> Iterator[str]:
    """The data that is the same whatever its project is called: named volumes, and folders elsewhere."""
    yield from (name for key, name in names(file, "").items() if name != f"_{key}")
    of_services = (mount for service in file.services.values() for mount in mounts(service))
    for mount in (*of_services, *devices(file)):
        path, of_others = mount.source, (NOBODYS.match, OF_THE_SYSTEM.match, WIDE.fullmatch)
        if path.startswith("/") and mount.writable and not any(each(path) for each in of_others):
            yield path


def names(file: Definition, project: str) -> dict[str, str]:
    """The names by which Docker knows its volumes, by those in the file."""
    return {key: name_of(key, volume, project) for key, volume in section(file.root, "volumes").items()}


def name_of(key: str, volume: Node | None, project: str) -> str:
    """Its own, or made of the project's: what is external has no project."""
    said = scalar_of(volume, "name") or scalar_of(value_of(volume, "external"), "name")
    return said or (key if is_external(volume) else f"{project}_{key}")


def is_external(volume: Node | None) -> bool:
    """Whether Docker Compose finds it instead of making it."""
    external = value_of(volume, "external")
    return is_true(volume, "external") or (external is not None and isinstance(external.value, dict))


def elsewhere(volume: Node | None) -> str:
    """Where its data is, if that is no folder of the server."""
    driver, options = scalar_of(volume, "driver") or "local", value_of(volume, "driver_opts")
    if driver != "local":
        return f"kept by the driver {driver}"
    device = scalar_of(options, "device")
    return f"on {device} ({scalar_of(options, 'type')})" if device and not BIND & how(options) else ""


def devices(file: Definition) -> Iterator[Mount]:
    """The paths that volumes of the file stand for."""
    for volume in section(file.root, "volumes").values():
        options = value_of(volume, "driver_opts")
        if BIND & how(options) and (source := scalar_of(options, "device")):
            yield Mount(volume, What.PATH, plain(source), "", "ro" not in how(options))


def how(options: Node | None) -> frozenset[str]:
    """The options with which a volume's data is mounted."""
    return frozenset(scalar_of(options, "o").split(","))
