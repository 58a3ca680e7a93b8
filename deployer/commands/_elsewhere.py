"""What commands do with names and monitors elsewhere; without any in sites.yaml, nothing is loaded."""

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.tasks.monitors import Monitors
    from deployer.tasks.names import Names


def tell_left_out(config: "Config") -> None:
    """Say which sections of a throwaway VPS' sites.yaml count for nothing."""
    if words := left_out(config):
        from deployer.report import say

        say(f"! {words}.")


def left_out(config: "Config", *asked: str) -> str:
    """What is said of that; nothing where none is, or none of those that are asked for."""
    from deployer.config import rehearsed

    sections = [name for name in rehearsed.left_out(config) if not asked or name in asked]
    if not sections:
        return ""
    what, verb = " and ".join(f"{name}:" for name in sections), "is" if len(sections) == 1 else "are"
    host = config.server.host if config.server else ""
    return (
        f"{what} {verb} left out: {host} is a throwaway VPS of deploy rehearse,"
        " and real names stay away from it"
    )


def names_of(config: "Config") -> "Names | None":
    """The DNS records that sites.yaml asks for, being read when this returns; None where it asks for none."""
    if config.dns is None:
        return None
    from deployer.tasks.names import Names

    return Names(config, config.dns)


def monitors_of(config: "Config") -> "Monitors | None":
    """The monitors that sites.yaml asks for, being read when this returns; None where it asks for none."""
    if config.monitoring is None:
        return None
    from deployer.tasks.monitors import Monitors

    return Monitors(config, config.monitoring)


def during(config: "Config", names: Collection[str], what: str) -> AbstractContextManager[None]:
    """Maintenance for these sites and services, where an Uptime Kuma has monitors of them."""
    kuma = config.monitoring.uptime_kuma if config.monitoring else None
    if kuma is None:
        return nullcontext()
    from deployer.planning.monitors import server_of
    from deployer.report import say
    from deployer.tasks.maintenance import maintenance

    return maintenance(kuma, server_of(config), names, what, say)
