"""NGINX: the maps and catch-all servers, and the policies that sites include, in their `nginx:` lines too."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.certbot import able
from deployer.parts.docker import dotted, named, older
from deployer.parts.rendering import UNITS, program, rendered, script, scripts, system
from deployer.seen.facts import Facts
from deployer.seen.releases import BROTLI_FILTER, BROTLI_MODULE, OPENSSL
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config

POLICIES = ("acme", "caching", "compression", "headers", "leading", "proxy", "static", "tls")
BROTLI = frozenset({BROTLI_FILTER, BROTLI_MODULE})
PACKAGES = frozenset({"nginx", "curl", "logrotate"})
DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
HANDLERS = (
    Handler(
        f"{UNITS}/nginx.service.d/*",
        Stage.LIMITS,
        live="raise_nginx_limit",
        says="let the running NGINX open as many files",
    ),
    Handler(
        "/etc/nginx/*",
        Stage.SERVING,
        check="check_nginx",
        who="NGINX",
        live="reload_nginx",
        says="reload NGINX",
    ),
)
QUESTIONS = (
    Question("version", f"openssl {' '.join(OPENSSL)}"),
    Question("unit", "nginx.service"),
    Question("look", "nginx"),
)
BEFORE = "/etc/nginx/conf.d/00-deploy-before.conf"
FIRST = "/etc/nginx/conf.d/+deploy-before.conf"
"""The same where a site's file would come before it, as that of 0.example.org: no domain begins with a +."""
REMOVABLE = ("/etc/nginx/conf.d/*.conf", "/etc/nginx/deploy/*", DEFAULT_SITE)


def share(config: "Config", facts: Facts) -> Share:
    """NGINX for all sites; without the module that it cannot load, if it is another's."""
    return Share(
        files={
            **nginx_files(
                facts, any(site.http3 for site in config.sites.values()), min(config.sites, default="")
            ),
            f"{UNITS}/nginx.service.d/deploy.conf": system("nginx.service.conf"),
            **counting(),
        },
        absent=frozenset({DEFAULT_SITE}),
        packages=PACKAGES,
        unwanted=BROTLI if facts.programs.foreign_nginx else frozenset(),
        units=frozenset({"nginx.service"}),
        notes=(*nginx_notes(facts, asked_packages(config)), *too_old(config, facts), *by_hand(config, facts)),
    )


def nginx_files(facts: Facts, http3: bool = False, first: str = "") -> dict[str, File]:
    """What belongs to no single site; `first` is the domain that NGINX reads before all others."""
    http3, once = http3 and facts.http3, facts.by_hand.said_once
    path = FIRST if first and f"/etc/nginx/conf.d/{first}.conf" < BEFORE else BEFORE
    before = {} if "map" in once else {path: rendered("nginx/00-deploy-before.conf", once=once)}
    shared = rendered("nginx/00-deploy.conf", facts=facts, http3=http3, once=once)
    return {
        **before,
        "/etc/nginx/conf.d/00-deploy.conf": shared,
        **{
            f"/etc/nginx/deploy/{policy}.conf": rendered(f"nginx/policies/{policy}.conf", facts=facts)
            for policy in POLICIES
        },
    }


def counting() -> dict[str, File]:
    """What counts visitors in the logs, and makes a page of that, also where nothing is pushed."""
    parts = (name for name in scripts() if name.startswith(("lib/status/", "lib/traffic/")))
    sourced = (*parts, "lib/common/page", "lib/common/pause", "lib/common/visitor", "lib/doctor/sites")
    files = program("traffic") | program("status-page")
    for name in sourced:
        files |= script(name)
    return files


def asked_packages(config: "Config") -> frozenset[str]:
    """Those that NGINX and what it serves ask for, whatever the server is."""
    return PACKAGES.union(*(entry.packages() for entry in config.everything.values()))


def nginx_notes(facts: Facts, asked: Collection[str]) -> Iterator[str]:
    """What a person should know of NGINX, for which these packages are asked."""
    if facts.programs.foreign_nginx and not BROTLI.isdisjoint(asked):
        yield (
            f"NGINX {dotted(facts.nginx_version)} is not of the packages of {named(facts)}, whose Brotli "
            "module it cannot load: pages go out with gzip"
        )
    if old := facts.programs.outdated.get("nginx"):
        yield (
            f"NGINX {dotted(facts.nginx_version)} is installed, and {older(old, facts.nginx)} still runs: "
            "the new one takes over when NGINX is reloaded"
        )


def too_old(config: "Config", facts: Facts) -> Iterator[str]:
    """The sites that ask for HTTP/3 of an NGINX that has none."""
    asked = [domain for domain, site in sorted(config.sites.items()) if site.http3]
    if asked and not facts.http3:
        version, names = dotted(facts.nginx_version), ", ".join(asked)
        yield f"NGINX {version} has no HTTP/3, which {names} asks for: it answers without"


def by_hand(config: "Config", facts: Facts) -> Iterator[str]:
    """The sites of a person that others answer for by IPv6."""
    ours = {f"/etc/nginx/conf.d/{domain}.conf" for domain in able(config, facts)}
    for path, names in facts.by_hand.ipv4_only:
        if config.sites and path not in ours:
            yield (
                f"{names} ({path}) listens on IPv4 alone: its visitors by IPv6, where our sites listen, get "
                "another answer. Write `listen [::]:443 ssl;` and `listen [::]:80;` beside its listen lines"
            )
