"""Keys of sites.yaml that belong to no site: security, updates; and what hands do to a firewall."""

from typing import Any

from vps.walk.vocabulary import step
from vps.walk.walk import Walk

ALL_OFF = {"firewall": False, "fail2ban": False, "ssh": False, "updates": False, "sysctl": False}
ON: dict[str, Any] = {"sysctl": True, "firewall": {"allow": ["5000/tcp"]}}
"""How a part is on; images come to the registry from outside."""
MORE_PORTS = ("8448/tcp", "60000:60010/udp")


@step(1, lambda walk: [("fail2ban",), ("sysctl",), ("ssh",), ("firewall",)])
def secure(walk: Walk, what: str) -> None:
    """A part of `security` is on, or off again."""
    security = {**ALL_OFF, **(walk.more.get("security") or {})}
    walk.more["security"] = security | {what: False if security[what] is not False else ON.get(what, {})}


@step(0.7, lambda walk: [(port,) for port in MORE_PORTS if walk.open([]) is not None])
def let_in(walk: Walk, port: str) -> None:
    """The firewall lets in one more port, or no longer."""
    security = walk.more["security"]
    others = [each for each in security["firewall"].get("allow", ()) if each != port]
    there = port in security["firewall"].get("allow", ())
    walk.more["security"] = security | {"firewall": {"allow": others if there else [*others, port]}}


HANDS = {
    "allow": "ufw allow 9999/tcp",
    "delete": "ufw --force delete allow 443/tcp",
    "off": "ufw --force disable",
}


@step(
    0.7,
    lambda walk: [(how,) for how in HANDS if walk.open([]) is not None and walk.file == walk.done],
    fault="somebody changes the firewall by hand",
)
def firewall_by_hand(walk: Walk, how: str) -> None:
    """Somebody changes the firewall by hand."""
    walk.vps.run(HANDS[how])
    walk.disturbed.add("the firewall")


@step(0.5, lambda walk: [()])
def updates(walk: Walk) -> None:
    """A timer updates the services, or does no longer."""
    if not walk.more.pop("updates", None):
        walk.more["updates"] = {"at": "04:00"}
