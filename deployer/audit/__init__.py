"""The living server against what it should be: what is wrong, why it matters, and what mends it; pure."""

from collections.abc import Callable, Collection, Iterator

from deployer.audit import access, exposure, php, programs, upkeep
from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config

__all__ = ["CHECKS", "Finding", "findings"]

CHECKS: tuple[Callable[[Evidence, Config], Iterator[Finding]], ...] = (
    access.logins,
    access.rights,
    access.secrets,
    exposure.listeners,
    exposure.published,
    exposure.containers,
    exposure.silent_docker,
    exposure.old_docker,
    php.versions,
    php.errors,
    upkeep.defences,
    upkeep.services,
    upkeep.nginx,
    upkeep.logs,
    upkeep.updates,
    upkeep.packaging,
    upkeep.certificates,
    upkeep.key_of_backups,
    upkeep.backups,
    programs.forges,
)


def findings(seen: Evidence, config: Config, known_keys: Collection[str]) -> tuple[Finding, ...]:
    """All that is wrong, what is serious first; `known_keys` are public keys of the one who asks."""
    found = [finding for check in CHECKS for finding in check(seen, config)]
    found += access.keys(seen, config, known_keys)
    return tuple(sorted(found, key=lambda finding: not finding.serious))
