"""PHP-FPM: what all sites that run on it share, and what a change of their pools asks for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.dokuwiki import Dokuwiki
from deployer.kinds.php import Php
from deployer.kinds.phpbb_on_php import PhpbbOnPhp
from deployer.kinds.pooled import PooledSite, user_of
from deployer.kinds.pooled_database import PooledDatabase
from deployer.parts.rendering import UNITS, program, rendered, script
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share
from deployer.values.quantities import amount

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.base import Site
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
    sites = [site for site in config.sites.values() if isinstance(site, PooledSite)]
    versions = sorted({site.php(facts) for site in sites})
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
    engines = sorted({site.engine() for site in sites if isinstance(site, PooledDatabase)} - {""})
    for engine in engines:
        files |= program("database") | script("lib/database/place") | script(f"lib/database/{engine}")
    units = [*(f"php{version}-fpm.service" for version in versions), *(DATABASES[each] for each in engines)]
    return Share(
        files=files,
        units=frozenset([*units, *(HOLD_BACK[:1] if versions else [])]),
        notes=tuple(by_hand(config.sites, facts)),
    )


def questions(config: "Config") -> Iterator[Question]:
    """What a person has set up, where it could be that of a site."""
    if any(isinstance(site, PooledSite) for site in config.sites.values()):
        yield Question("look", "php")


def by_hand(sites: "Mapping[str, Site]", facts: "Facts") -> Iterator[str]:
    """Where the files of a site are until now, and as whom its PHP does not run any more."""
    for domain, site in sites.items():
        if isinstance(site, Dokuwiki) and facts.by_hand.old_wiki:
            yield (
                f"the wiki in /var/lib/dokuwiki/data has {amount(facts.by_hand.old_wiki, 'page')}; that of"
                f" {domain} begins empty, in /opt/{domain}/data. Yours stays: docs/moving-in.md says how it"
                " is copied"
            )
        if isinstance(site, PhpbbOnPhp):
            for file, root, names in facts.by_hand.php_roots:
                if domain in names:
                    yield (
                        f"{file} has the forum of {domain} in {root}, and ours begins empty, in"
                        f" {site.place(domain)}. Yours stays: docs/moving-in.md says how it is copied"
                    )
        if not isinstance(site, Php) or site.repository:
            continue
        place, user = site.place(domain), user_of(domain)
        for file, root, names in facts.by_hand.php_roots:
            if domain in names and not f"{root}/".startswith(f"{place}/"):
                yield (
                    f"{file} has the files of {domain} in {root}, and this apply serves {place}, and"
                    " leaves yours where they are. Copy them before:"
                    f" rsync -a --chown=root:root {root}/ {place}/"
                )
        if domain in facts.by_hand.php_of_nginx:
            yield (
                f"{place} has files of www-data, as whom the PHP of {domain} does not run any more: it may"
                " read those that everyone may, and write to none. After the apply:"
                f" chown -R root:{user} {place}, and what is writable: to {user}"
            )
