"""Sites that are shown as folders of others: NGINX asks itself for them, at an address of loopback."""

from dataclasses import replace
from typing import TYPE_CHECKING

from deployer.parts.rendering import rendered
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def with_shown(config: "Config", facts: "Facts") -> "Facts":
    """The facts, and the sites of sites.yaml that others show as folders of theirs."""
    found = frozenset(inner for site in config.sites.values() for inner in site.paths.values())
    return replace(facts, shown=found) if found else facts


def share(config: "Config", facts: "Facts") -> Share:
    """What answers where such a site is not there yet."""
    if not any(site.paths for site in config.sites.values()):
        return Share()
    return Share(files={"/etc/nginx/conf.d/00-deploy-shown.conf": rendered("nginx/shown.conf")})
