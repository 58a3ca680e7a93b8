"""Keys of sites.yaml that belong to no site: security, updates."""

from vps.walk.vocabulary import step
from vps.walk.walk import Walk

ALL_OFF = {"firewall": False, "fail2ban": False, "ssh": False, "updates": False, "sysctl": False}


@step(1, lambda walk: [("fail2ban",), ("sysctl",), ("ssh",)])
def secure(walk: Walk, what: str) -> None:
    """A part of `security` is on, or off again."""
    security = {**ALL_OFF, **(walk.more.get("security") or {})}
    on = {} if what != "sysctl" else True
    walk.more["security"] = security | {what: False if security[what] is not False else on}


@step(0.5, lambda walk: [()])
def updates(walk: Walk) -> None:
    """A timer updates the services, or does no longer."""
    if not walk.more.pop("updates", None):
        walk.more["updates"] = {"at": "04:00"}
