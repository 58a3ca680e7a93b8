"""The timers by which previews go when their time is over."""

from typing import TYPE_CHECKING

from deployer.parts.rendering import timed
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """Nothing: each site has its own."""
    return Share()


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The timer of a site with previews."""
    if not own.files or not getattr(config.sites.get(name), "previews", None):
        return Share()
    return timed("previews", name)
