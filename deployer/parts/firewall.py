"""The firewall: which ports are open to everyone, and UFW brought to that."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from deployer.files import Side
from deployer.parts.rendering import program, rendered
from deployer.parts.sshd import ssh_ports
from deployer.seen import ufw
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

FIREWALL = "/etc/deploy/firewall"
UFW = ("/etc/default/ufw", *(f"/etc/ufw/{name}" for name in ("ufw.conf", "user.rules", "user6.rules")))
WAS_OFF = "/var/lib/deploy/firewall-was-off"
HANDLERS = (
    Handler(
        FIREWALL,
        Stage.FIREWALL,
        live=f"set_firewall {FIREWALL}",
        says="set the firewall",
        guarded=True,
        back="put_firewall_back",
        also=(*UFW, WAS_OFF),
    ),
)
LINES = {FIREWALL: re.compile(r"(?P<key>\d\S*) (?P<name>.+)")}
QUESTIONS = (Question("look", "firewall"),)
SECTIONS = ((re.escape(FIREWALL), "security.firewall"),)


def share(config: "Config", facts: "Facts") -> Share:
    """UFW and its list, where the firewall is on."""
    if not config.security.firewall:
        return Share()
    ports = open_ports(config, facts)
    otherwise = drift(FIREWALL, ports, facts)
    return Share(
        files={FIREWALL: rendered("system/firewall.conf", ports=ports), **program("firewall")},
        packages=frozenset({"ufw"}),
        units=frozenset({"ufw.service"}),
        drift={FIREWALL: otherwise} if otherwise else {},
    )


def open_ports(config: "Config", facts: "Facts") -> dict[str, str]:
    """What everyone may reach, and what for, by port as in `22/tcp`."""
    ports = {f"{port}/tcp": "SSH" for port in ssh_ports(config, facts)}
    ports |= {"80/tcp": "HTTP", "443/tcp": "HTTPS"}
    if any(site.http3 for site in config.sites.values()):
        ports["443/udp"] = "HTTP/3"
    for name, entry in sorted(config.everything.items()):
        ports = dict.fromkeys(entry.public_ports(), name) | ports
    if config.security.firewall:
        ports = dict.fromkeys(config.security.firewall.allow, "sites.yaml") | ports
    return dict(sorted(ports.items(), key=lambda entry: (int(entry[0].split("/")[0].split(":")[0]), entry)))


def consequences(path: str, before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    """What goes on or off, beyond the lines of its list."""
    enabled = facts.ufw is not None and facts.ufw.enabled
    if path != FIREWALL:
        return
    if after and not enabled:
        yield f"the firewall is turned on: strangers reach what {FIREWALL} lists, and nothing else"
    elif after is None and enabled and facts.ufw_was_off:
        yield "the firewall is turned off: strangers reach every program that listens"
    elif after is None and enabled:
        yield "the firewall stays on with the rules that it has: it was on before deploy came"


def drift(path: str, ports: Collection[str], facts: "Facts") -> tuple[str, ...]:
    """What the server does otherwise, if its list has these ports."""
    return ufw.drift(facts.ufw, ports) if path == FIREWALL else ()
