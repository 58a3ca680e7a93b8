"""WordPress: what all its sites on a server share of NGINX."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.kinds.wordpress import Wordpress
from deployer.parts.rendering import rendered
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """Where there is one."""
    if not _wanted(config):
        return Share()
    return Share(files={"/etc/nginx/conf.d/00-deploy-wordpress.conf": rendered("nginx/wordpress.conf")})


def questions(config: "Config") -> Iterator[Question]:
    """What a person has set up, where it could be that of a site."""
    if _wanted(config):
        yield Question("look", "wordpress")


def _wanted(config: "Config") -> bool:
    return any(isinstance(site, Wordpress) for site in config.sites.values())
