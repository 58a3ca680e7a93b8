"""WordPress: what all its sites on a server share of NGINX."""

from typing import TYPE_CHECKING

from deployer.kinds.wordpress import Wordpress
from deployer.parts.rendering import rendered
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """Where there is one."""
    if not any(isinstance(site, Wordpress) for site in config.sites.values()):
        return Share()
    return Share(files={"/etc/nginx/conf.d/00-deploy-wordpress.conf": rendered("nginx/wordpress.conf")})
