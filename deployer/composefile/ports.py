"""The ports that a compose file publishes, in all the ways in which Docker Compose lets one write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.composefile.interpolation import written
from deployer.documents.nodes import Node
from deployer.documents.tree import entries, scalar_of

LOOPBACK = re.compile(r"127\.[0-9]+\.[0-9]+\.[0-9]+|\[?::1\]?")


@dataclass(frozen=True, slots=True)
class Published:
    """One entry of `ports`; `address` is empty where Docker takes all, `ports` where it takes any.

    `text` is how it is written, and `local_text` how it would be for this server alone; `target` is inside.
    """

    node: Node
    text: str
    address: str
    ports: tuple[int, ...]
    protocol: str
    local_text: str
    target: str

    @property
    def local(self) -> bool:
        """Whether only this server itself reaches it."""
        return bool(LOOPBACK.fullmatch(self.address))


def published(service: Node) -> Iterator[Published]:
    """What one service publishes."""
    for entry in entries(service, "ports"):
        if isinstance(entry.value, str):
            yield short(entry)
        elif isinstance(entry.value, dict):
            yield long(entry)


def short(entry: Node) -> Published:
    """An entry such as `127.0.0.1:8080:80/tcp`."""
    value = entry.value if isinstance(entry.value, str) else ""
    text, _, protocol = value.partition("/")
    *before, target = text.rsplit(":", 2)
    address = before[0] if len(before) == 2 else ""
    ports = numbers(before[-1]) if before else ()
    return Published(entry, written(value), address, ports, protocol or "tcp", advice(value), target)


def long(entry: Node) -> Published:
    """An entry with the keys target, published and host_ip."""
    target, number, address, protocol = (
        scalar_of(entry, key) for key in ("target", "published", "host_ip", "protocol")
    )
    text = "{}:{}/{}".format(*(written(each) for each in (number or target, target, protocol))).removesuffix(
        "/"
    )
    return Published(entry, text, address, numbers(number), protocol or "tcp", f"127.0.0.1:{text}", target)


def numbers(text: str) -> tuple[int, ...]:
    """The ports of `8080` or `8080-8090`; none of a variable."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or len(text) > 11:
        return ()
    return tuple(range(int(first), min(int(last or first), 65535) + 1))


def advice(value: str) -> str:
    """How an entry such as `${BIND}:8080:80` would be written for this server alone, with its variables."""
    parts, resolved = between_colons(written(value)), value.rsplit(":", 2)
    if min(len(parts), 3) != len(resolved):  # a variable stands for more than one part
        parts = resolved
    ports = parts[-2:] if len(parts) > 1 else [parts[0].partition("/")[0], parts[0]]
    return ":".join(["127.0.0.1", *ports])


def between_colons(text: str) -> list[str]:
    """The parts of a text, those between braces left whole."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if letter == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
