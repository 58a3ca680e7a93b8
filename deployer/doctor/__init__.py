"""How a server is: each thing that may go wrong by itself, whether it is well, and what mends it; pure."""

from collections.abc import Callable

from deployer.audit.evidence import Evidence
from deployer.config.model import Config
from deployer.doctor import programs, reach, room, upkeep
from deployer.doctor.result import FromHere, Result

__all__ = ["CHECKS", "FromHere", "Result", "diagnose"]

CHECKS: tuple[Callable[[Evidence, Config, FromHere], Result], ...] = (
    reach.nginx,
    reach.sites,
    reach.names,
    upkeep.certificates,
    upkeep.renewal,
    programs.running,
    programs.units,
    room.disk,
    room.logs,
    room.images,
    room.memory,
    upkeep.backups,
    upkeep.mirrors,
    programs.reboot,
    programs.packages,
    programs.release,
    programs.docker,
    programs.php,
    reach.clock,
)


def diagnose(seen: Evidence, config: Config, here: FromHere) -> tuple[Result, ...]:
    """What each check found, in the order in which it is shown; without what this server does not have."""
    results = (check(seen, config, here) for check in CHECKS)
    return tuple(result for result in results if result.findings or result.words)
