"""The timer that looks at the sites for a status page."""

from typing import TYPE_CHECKING

from deployer.parts.rendering import UNITS, system
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

TIMER = "deploy-status.timer"


def share(config: "Config", facts: "Facts") -> Share:
    """The timer, where a site is such a page."""
    if not config.of_kind("status"):
        return Share()
    return Share(
        files={
            f"{UNITS}/deploy-status.service": system("status.service"),
            f"{UNITS}/{TIMER}": system("status.timer"),
        },
        units=frozenset({TIMER}),
    )
