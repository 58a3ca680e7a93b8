"""What commands do with monitors elsewhere; of a sites.yaml without any, nothing, and nothing is loaded."""

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.tasks.monitors import Monitors


def is_of_a_rehearsal(config: "Config") -> bool:
    """Whether it is for a throwaway VPS, by the key that `rehearse` has handed over: real names stay away."""
    key = config.server.key if config.server else None
    return bool(key and fnmatch(Path(key).parent.name, ".vps-*"))


def is_left_out(config: "Config", what: str) -> bool:
    """Whether it is for a throwaway VPS; says so, for what stays away is in its sites.yaml."""
    if not is_of_a_rehearsal(config):
        return False
    from deployer.report import say

    say(f"! {left_out(config, what)}.")
    return True


def left_out(config: "Config", what: str) -> str:
    """What is said of that."""
    host = config.server.host if config.server else ""
    return (
        f"{what} is left out: {host} is a throwaway VPS of deploy rehearse, and real names stay away from it"
    )


def monitors_of(config: "Config") -> "Monitors | None":
    """The monitors that sites.yaml asks for, being read when this returns; None where it asks for none."""
    if config.monitoring is None or is_left_out(config, "monitoring:"):
        return None
    from deployer.tasks.monitors import Monitors

    return Monitors(config, config.monitoring)


def during(config: "Config", names: Collection[str], what: str) -> AbstractContextManager[None]:
    """Maintenance for these sites and services, where an Uptime Kuma has monitors of them."""
    kuma = config.monitoring.uptime_kuma if config.monitoring else None
    if kuma is None or is_of_a_rehearsal(config):
        return nullcontext()
    from deployer.planning.monitors import server_of
    from deployer.report import say
    from deployer.tasks.maintenance import maintenance

    return maintenance(kuma, server_of(config), names, what, say)
