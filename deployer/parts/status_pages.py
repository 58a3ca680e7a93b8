"""The timer that looks at the sites for a status page."""

from typing import TYPE_CHECKING

from deployer.parts.rendering import timed
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """The timer, where a site is such a page."""
    return timed("status") if config.of_kind("status") else Share()
