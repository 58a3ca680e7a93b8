"""Ports of the server that two would listen on."""

from collections.abc import Iterator

from deployer.config.model import Config
from deployer.config.wording import Finding
from deployer.kinds.composition import ComposedSite
from deployer.kinds.entry import Entry
from deployer.kinds.proxied import ProxiedSite

OF_NGINX = ("80/tcp", "443/tcp")
LONGEST_SOCKET = 107
"""Bytes of the path of a socket."""


def check_ports(config: Config) -> Iterator[Finding]:
    """Every port that is taken by the server itself, or by another site or service."""
    yield from ports_of_the_server(config)
    yield from same_ports(config)
    yield from waiting_rooms(config)


def waiting_rooms(config: Config) -> Iterator[Finding]:
    """A waiting room is a socket, whose path has the name."""
    for domain, site in config.sites.items():
        if not isinstance(site, ProxiedSite) or not site.hold:
            continue
        most = LONGEST_SOCKET - len(f"/run/deploy/rooms/_{site.port}")
        if len(domain) > most:
            message = f"a name of {len(domain)} letters is too long for a waiting room, whose limit is {most}"
            yield Finding(("sites", domain), f"{message}: write hold: 0")


def ports_of_the_server(config: Config) -> Iterator[Finding]:
    """NGINX listens on all addresses, and would ask itself; nobody else can listen there."""
    chosen = config.security.ssh.port if config.security.ssh else None
    if chosen and f"{chosen}/tcp" in OF_NGINX:
        yield Finding(("security", "ssh", "port"), f"port {chosen} is that of NGINX itself: name another one")
    ssh = ssh_ports(config)
    for name, entry in config.everything.items():
        for port, key in ports(entry):
            if port in OF_NGINX or (key in ("port", "published") and port in ssh):
                who = "NGINX" if port in OF_NGINX else "SSH"
                otherwise = published_elsewhere(entry, key, port) or ": name another one"
                message = f"port {port.removesuffix('/tcp')} is that of {who} itself{otherwise}"
                yield Finding((config.section_of(name), name, key), message)


def ssh_ports(config: Config) -> frozenset[str]:
    """Where we log in, and where sites.yaml wants SSH."""
    chosen = config.security.ssh.port if config.security.ssh else None
    return frozenset(f"{port}/tcp" for port in (config.server.port if config.server else 22, chosen) if port)


def same_ports(config: Config) -> Iterator[Finding]:
    """A port on the server may belong to one site or service; one proxy may lead to that of containers."""
    owners: dict[str, str] = {}
    led_to: dict[str, str] = {}
    beside = {f"{port}/tcp": name for name, site in config.sites.items() for port in started_beside(site)}
    free = led_to_by_nobody(config)
    for name, entry in config.everything.items():
        section = config.section_of(name)
        told = set[str]()
        for port, key in ports(entry):
            if port in (*OF_NGINX, *ssh_ports(config)):
                continue  # none of them may have it
            taken = led_to if entry.kind == "proxy" and port in free else owners
            if port in taken and taken[port] != name and (key == "file" or key not in told):
                told.add(key)  # those that follow from it move along
                aliases = " (for a second name: aliases)" if section == "sites" else ""
                aliases = published_elsewhere(entry, key, port) or aliases
                if first := beside.get(port):
                    aliases = f" (a push of {first} starts its next container there; replace: stop-first "
                    aliases += "does not)"
                yield Finding(
                    (section, name, key),
                    f"port {port.removesuffix('/tcp')} is already used by '{taken[port]}'{aliases}",
                )
            taken.setdefault(port, name)


def published_elsewhere(entry: Entry, key: str, port: str) -> str:
    """What gives what runs in a container another port on the server, where it keeps its own inside."""
    if key == "file" and port.endswith("/tcp"):
        return ' (publish: {NUMBER: "SERVICE:PORT"} in sites.yaml gives it another)'
    inside = getattr(entry, "inside", None) if key == "port" else None
    return f" (published: is another one on the server, and its container keeps {inside})" if inside else ""


def started_beside(site: Entry) -> tuple[int, ...]:
    """The second ports of a site, where a push starts what comes next."""
    return site.beside_ports() if isinstance(site, ProxiedSite) else ()


def led_to_by_nobody(config: Config) -> frozenset[str]:
    """The ports of containers that no domain of their own leads to."""
    return frozenset(
        f"{port}/tcp"
        for entry in config.compositions.values()
        for port in entry.local_ports()
        if not (isinstance(entry, ComposedSite) and port == entry.port)
    )


def ports(entry: Entry) -> Iterator[tuple[str, str]]:
    """Each port that an entry takes, such as `8080/tcp`, and the key where it is to be changed."""
    fields = type(entry).model_fields
    own = getattr(entry, "port", None)
    key = "published" if {"port", "inside"} <= entry.model_fields_set else "port"
    if own is not None:
        yield f"{own}/tcp", key
    for port in entry.local_ports():
        if port != own:
            yield f"{port}/tcp", "file" if "file" in fields else key
    for text in entry.public_ports():
        if not text.endswith("/tcp"):
            yield text, "file" if "file" in fields else "vpn_port"
