"""Plans that are not carried out as they are, and why."""

from typing import TYPE_CHECKING

from deployer.errors import DeployError, UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.planning.plan import Plan


def refuse(plan: "Plan", host: str, yes: bool, take_off: int | None, force: bool) -> None:
    """Raise DeployError for a plan that nobody may carry out so."""
    refuse_obstacles(plan, host)
    refuse_to_remove(plan, host)
    refuse_to_meet_another(plan, host)
    refuse_much(plan, force)
    refuse_to_empty(plan, host, yes, take_off)


def refuse_a_home(config: "Config") -> None:
    """Raise UsageError for a sites.yaml that only says where backups come home: it would empty the server."""
    if config.home and not (config.sites or config.services or config.backups or config.keys):
        raise UsageError(
            "this sites.yaml has nothing for a server: it looks like that of a home server",
            "Run this where the sites.yaml with the sites is. This one serves: deploy backup --pull",
        )


def refuse_to_empty(plan: "Plan", host: str, yes: bool, take_off: int | None) -> None:
    """Raise UsageError when nobody is asked and nobody said that most of what the server has shall go."""
    count = len(plan.taken_off)
    if plan.takes_most and yes and take_off != count:
        raise UsageError(
            f"nothing was changed: this takes {count} of {plan.entries} sites and services off {host}",
            f"Is this the sites.yaml of that server? If it is right: deploy apply --yes --take-off {count}",
        )


def refuse_much(plan: "Plan", force: bool) -> None:
    """Raise UsageError when more than a third of a zone would change, and nobody said that this is meant."""
    if plan.much and not force:
        raise UsageError(
            f"nothing was changed: more than a third of what the zone {' and '.join(plan.much)} says would",
            "Is this the sites.yaml of that zone? If it is right: --force",
        )


def refuse_obstacles(plan: "Plan", host: str) -> None:
    """Raise DeployError when something of the server has to be mended first; the plan has told what."""
    if plan.obstacles:
        raise DeployError(f"nothing was changed on {host}: mend what is marked with ✗ above")


def refuse_to_remove(plan: "Plan", host: str) -> None:
    """Raise DeployError when apt would remove packages for those that are missing."""
    if plan.removals:
        raise DeployError(
            f"nothing was changed: apt would remove {', '.join(plan.removals)} from {host}",
            f"To have it so, run there: apt-get install --no-install-recommends {' '.join(plan.packages)}\n"
            "If the sources of packages are of another release, take them back, or upgrade the server first.",
        )


def refuse_to_meet_another(plan: "Plan", host: str) -> None:
    """Raise DeployError when another program has the ports that NGINX needs."""
    if plan.occupied:
        raise DeployError(
            f"nothing was changed on {host}: {'; '.join(plan.occupied)}",
            "Let it listen elsewhere, or stop it for good on the server (systemctl disable --now UNIT; of a "
            "container, docker ps --filter publish=80 tells which). Then apply again.",
        )
