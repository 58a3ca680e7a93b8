"""PHP-FPM: what all sites that run on it share, and what a change of their pools asks for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import UNITS, program, rendered, script
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

DATABASES = {"mariadb": "mariadb.service", "postgres": "postgresql.service"}
HOLD_BACK = ("deploy-hold-back.path", "deploy-hold-back.service")
"""What keeps a request that works for long from holding up others, and what starts that."""
HANDLERS = (
    Handler(
        "/etc/deploy/databases/*",
        Stage.LIMITS,
        check="check_databases",
        live="make_databases",
        says="make databases",
    ),
    Handler(f"{UNITS}/php*-fpm.service.d/*", Stage.LIMITS, live="restart_php", says="restart PHP-FPM"),
    Handler(
        "/etc/php/*/fpm/*",
        Stage.PROGRAMS,
        check="check_php",
        who="PHP-FPM",
        live="reload_php",
        says="reload PHP-FPM",
    ),
)
REMOVABLE = ("/etc/php/*/fpm/pool.d/*.conf", "/etc/php/*/fpm/conf.d/90-deploy.ini")


def share(config: "Config", facts: "Facts") -> Share:
    """What each version that a site runs on has, whatever the site is."""
    sites = config.pooled
    versions = sorted({site.php(facts) for site in sites.values()})
    files: dict[str, File] = {}
    for version in versions:
        files |= {
            f"/etc/php/{version}/fpm/pool.d/00-deploy.conf": rendered("php/every.conf"),
            f"/etc/php/{version}/fpm/conf.d/90-deploy.ini": rendered("php/php.ini"),
            f"{UNITS}/php{version}-fpm.service.d/deploy.conf": rendered("php/service.conf"),
        }
    if versions:
        files |= program("hold-back")
        files |= {f"{UNITS}/{unit}": rendered(f"php/{unit.removeprefix('deploy-')}") for unit in HOLD_BACK}
    engines = sorted({site.engine() for site in sites.values()} - {""})
    for engine in engines:
        files |= program("database") | script("lib/database/place") | script(f"lib/database/{engine}")
    units = [*(f"php{version}-fpm.service" for version in versions), *(DATABASES[each] for each in engines)]
    return Share(
        files=files,
        units=frozenset([*units, *(HOLD_BACK[:1] if versions else [])]),
        notes=tuple(note for domain, site in sites.items() for note in site.by_hand(domain, facts)),
    )


def questions(config: "Config") -> Iterator[Question]:
    """What a person has set up, where it could be that of a site."""
    if config.pooled:
        yield Question("look", "php")
