"""The timers by which what is live is built once more."""

from typing import TYPE_CHECKING

from deployer.kinds.publication import is_published
from deployer.parts.rendering import timed
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """Nothing: each site has its own."""
    return Share()


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The timer of a site that says how often."""
    entry = config.sites.get(name)
    if not own.files or not is_published(entry) or not entry.rebuild:
        return Share()
    return timed("rebuild", name, rebuild=entry.rebuild)
