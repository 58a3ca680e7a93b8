"""The network of one machine: a subnet of its own, reachable from here, with the internet behind it."""

import ipaddress
import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from deployer.errors import DeployError
from deployer.rehearsal.commands import PATIENCE, call

SUBNETS = ipaddress.ip_network("10.213.0.0/16")
TABLES = ("filter", "nat")
FENCE = "213"  # the routing protocol of the fence: a number that /etc/iproute2/rt_protos leaves free


@dataclass(frozen=True, slots=True)
class Network:
    """The subnet number `number` (1–255): this side is .1, the machine is .2; the link is `ve-` + machine."""

    machine: str
    number: int

    @classmethod
    def of(cls, machine: str) -> Self:
        """The network of a machine, which its name tells: vps-7 has number 7."""
        return cls(machine, int(machine.removeprefix("vps-")))

    @property
    def subnet(self) -> str:
        """The subnet, like 10.213.7.0/30."""
        return f"{SUBNETS.network_address + 256 * self.number}/30"

    @property
    def host(self) -> str:
        """The address of this side."""
        return str(SUBNETS.network_address + 256 * self.number + 1)

    @property
    def address(self) -> str:
        """The address of the machine."""
        return str(SUBNETS.network_address + 256 * self.number + 2)

    @property
    def link(self) -> str:
        """The name of this side's interface."""
        return f"ve-{self.machine}"

    @property
    def tag(self) -> str:
        """The comment that marks our firewall rules as this machine's."""
        return f"vps-deployer:{self.machine}"

    def open(self) -> None:
        """Give this side its address, and let the machine reach the internet; waits for its interface."""
        deadline = time.monotonic() + PATIENCE / 2
        while not Path("/sys/class/net", self.link).exists():
            if time.monotonic() > deadline:
                raise DeployError(f"The machine's network interface {self.link} did not appear.")
            time.sleep(0.01)
        call("ip", "address", "add", f"{self.host}/30", "dev", self.link)
        call("ip", "link", "set", self.link, "up")
        self._insert("filter", "INPUT", "-i", self.link, "-j", "ACCEPT")
        self._insert("filter", "FORWARD", "-i", self.link, "-j", "ACCEPT")
        self._insert("filter", "FORWARD", "-o", self.link, "-j", "ACCEPT")
        self._insert("nat", "POSTROUTING", "-s", self.subnet, "!", "-d", str(SUBNETS), "-j", "MASQUERADE")

    def cut(self) -> None:
        """Lose every packet from and to the machine, silently, as a broken line does."""
        for chain, direction in (("INPUT", "-i"), ("FORWARD", "-i"), ("FORWARD", "-o"), ("OUTPUT", "-o")):
            self._insert("filter", chain, direction, self.link, "-j", "DROP")

    def mend(self) -> None:
        """Undo `cut`; nothing happens when nothing was cut."""
        self._remove("filter", target="DROP")

    def close(self) -> None:
        """Remove our firewall rules and the link; whatever is gone already is fine."""
        for table in TABLES:
            self._remove(table)
        if Path("/sys/class/net", self.link).exists():
            call("ip", "link", "delete", self.link)

    def _insert(self, table: str, chain: str, *rule: str) -> None:
        comment = ("-m", "comment", "--comment", self.tag)
        call("iptables", "-w", "-t", table, "-I", chain, *comment, *rule)

    def _remove(self, table: str, target: str = "") -> None:
        for line in call("iptables-save", "-t", table).splitlines():
            rule = shlex.split(line)
            if rule[:1] == ["-A"] and self.tag in rule and (not target or rule[-2:] == ["-j", target]):
                call("iptables", "-w", "-t", table, "-D", *rule[1:])


def fence() -> None:
    """Make SUBNETS unreachable where nothing runs, so that no packet for a machine that is gone leaves."""
    if not any(is_fence(route) for route in routes()):
        call("ip", "route", "add", "unreachable", str(SUBNETS), "proto", FENCE)


def unfence() -> None:
    """Undo `fence`; nothing happens when there is none."""
    call("ip", "route", "flush", "proto", FENCE, "exact", str(SUBNETS))


def is_fence(route: Mapping[str, Any]) -> bool:
    """Whether a route is what `fence` makes."""
    return route.get("type") == "unreachable" and route.get("protocol") == FENCE


def routes() -> list[Mapping[str, Any]]:
    """Every IPv4 route of this machine, as `ip -json` tells it."""
    told: list[Mapping[str, Any]] = json.loads(call("ip", "-4", "-json", "route", "show", "table", "all"))
    return told


def is_free(network: Network) -> bool:
    """Whether no route of this machine, other than a default one and the fence, overlaps the subnet."""
    wanted = ipaddress.ip_network(network.subnet)
    destinations = [route["dst"] for route in routes() if route["dst"][:1].isdigit() and not is_fence(route)]
    taken = [ipaddress.ip_network(destination) for destination in destinations]
    return not any(wanted.overlaps(other) for other in taken if other.prefixlen > 8)
