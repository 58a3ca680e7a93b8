"""WordPress: what all its sites on a server share of NGINX and MariaDB."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.parts.rendering import rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

MARIADB = "/etc/mysql/mariadb.conf.d/90-deploy.cnf"
HANDLERS = (Handler(MARIADB, Stage.LIMITS, live="keep_answers", says="have MariaDB keep answers"),)
REMOVABLE = (MARIADB,)


def share(config: "Config", facts: "Facts") -> Share:
    """Where there is one."""
    if not config.of_kind("wordpress"):
        return Share()
    return Share(
        files={
            "/etc/nginx/conf.d/00-deploy-wordpress.conf": rendered("nginx/wordpress.conf"),
            MARIADB: rendered("php/mariadb.cnf"),
        }
    )


def questions(config: "Config") -> Iterator[Question]:
    """What a person has set up, where it could be that of a site."""
    if config.of_kind("wordpress"):
        yield Question("look", "wordpress")
