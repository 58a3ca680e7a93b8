"""What a site's way to its certificate needs elsewhere in sites.yaml."""

from collections.abc import Iterator

from deployer.config.model import Config
from deployer.config.wording import Finding, Path
from deployer.kinds.base import Site

PROVIDERS = ("cloudflare", "hetzner")
"""Those that the server itself can ask, by bash and curl."""


def place_of(site: Site, alias: str, position: int) -> Path:
    """Where a name of a site stands besides its own: some come with other keys."""
    if alias == getattr(site, "renamed_from", None):
        return ("renamed_from",)
    previews = getattr(site, "previews", None)
    return ("previews", "domain") if previews and previews.wildcard == alias else ("aliases", position)


def check_certificates(config: Config) -> Iterator[Finding]:
    """Names that are proved by DNS records need who keeps them, and a token that may stand on the server."""
    for domain, site in config.sites.items():
        for position, alias in enumerate(site.aliases):
            where = place_of(site, alias, position)
            of_previews = where[0] == "previews"
            proved = site.certificate.dns or site.certificate.own or (of_previews and not site.https)
            if alias.startswith("*.") and not proved:
                message = "a wildcard's certificate needs a proof by DNS: certificate: {dns: true}"
                yield Finding(("sites", domain, *where), message)
        if site.certificate.own:
            yield from uncovered(domain, site)
        if site.certificate.dns:
            place = ("sites", domain, "certificate", "dns")
            if not site.https:
                yield Finding(place, "without https: there is no certificate")
                continue
            for name in (domain, *site.aliases):
                if why := lacking(config, name.removeprefix("*.")):
                    yield Finding(place, why)
                    break


def uncovered(domain: str, site: Site) -> Iterator[Finding]:
    """Names of the site that are not in the certificate of its own."""
    from deployer.seen.facts import Certificate

    there = Certificate(site.certificate.covered(), 0, "")
    if lost := [name for name in (domain, *site.aliases) if not there.covers(name)]:
        message = f"the certificate is not for {', '.join(lost)}"
        yield Finding(("sites", domain, "certificate", "chain"), message)


def lacking(config: Config, name: str) -> str:
    """Why the server cannot prove this name by DNS; empty: it can."""
    keeper = config.dns.keepers.get(config.dns.keeper_of(name) or "") if config.dns else None
    if keeper is None:
        where = "its zone below dns.zones, or leave the name out" if config.dns else "dns: with its provider"
        return f"nobody keeps the DNS records of {name}: write {where}"
    if keeper.provider not in PROVIDERS:
        return f"{name} is at {keeper.provider}: the server itself can ask {' and '.join(PROVIDERS)}"
    if keeper.renewal is None:
        return (
            f"the server renews it by itself, with a token for the zone of {name} only: "
            "write it as dns.renewal, beside the token"
        )
    return ""
