"""The ports that a compose file publishes, in all the ways in which Docker Compose lets one write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.config.nodes import Node
from deployer.config.quantities import shown

VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+")
UNKNOWN = "?"  # stands for a variable, whose value only the server knows
LOOPBACK = re.compile(r"127\.[0-9]+\.[0-9]+\.[0-9]+|\[?::1\]?")


@dataclass(frozen=True, slots=True)
class Published:
    """One entry of `ports`; `address` is empty where Docker takes all, `ports` where it takes any."""

    node: Node
    text: str
    address: str
    ports: tuple[int, ...]
    protocol: str
    container: str

    @property
    def local(self) -> bool:
        """Whether only this server itself reaches it."""
        return bool(LOOPBACK.fullmatch(self.address))


def published(service: Node) -> Iterator[Published]:
    """What one service publishes."""
    ports = value_of(service, "ports")
    for entry in ports.value if ports and isinstance(ports.value, list) else ():
        if isinstance(entry.value, str):
            yield short(entry)
        elif isinstance(entry.value, dict):
            yield long(entry)


def short(entry: Node) -> Published:
    """An entry such as `127.0.0.1:8080:80/tcp`."""
    text, _, protocol = VARIABLE.sub(UNKNOWN, str(entry.value)).partition("/")
    *before, container = text.rsplit(":", 2)
    address = before[0] if len(before) == 2 else ""
    ports = numbers(before[-1]) if before else ()
    return Published(entry, str(entry.value), address, ports, protocol or "tcp", container)


def long(entry: Node) -> Published:
    """An entry with the keys target, published and host_ip."""
    target, number, address, protocol = (
        VARIABLE.sub(UNKNOWN, scalar_of(entry, key)) for key in ("target", "published", "host_ip", "protocol")
    )
    written = f"{number or target}:{target}/{protocol}".removesuffix("/")
    return Published(entry, written, address, numbers(number), protocol or "tcp", target)


def numbers(text: str) -> tuple[int, ...]:
    """The ports of `8080` or `8080-8090`; none of a variable."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or len(text) > 11:
        return ()
    return tuple(range(int(first), min(int(last or first), 65535) + 1))


def local_text(entry: Published) -> str:
    """How the entry would be written for this server alone, for a message."""
    ports = entry.text.removeprefix(f"{entry.address}:") if entry.address else entry.text
    return shown(f"127.0.0.1:{ports}" if ":" in ports.rstrip(":") else f"127.0.0.1:{entry.container}:{ports}")


def value_of(node: Node | None, key: str) -> Node | None:
    """The value of a key of a section, None where there is none."""
    found = node.value.get(key) if node and isinstance(node.value, dict) else None
    return found[1] if found else None


def scalar_of(node: Node | None, key: str) -> str:
    """The text of a key of a section, empty where there is none."""
    value = value_of(node, key)
    return str(value.value) if value and isinstance(value.value, str) else ""
