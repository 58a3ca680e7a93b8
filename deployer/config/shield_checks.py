"""Which sites Cloudflare can stand before, and why others not; pure."""

from collections.abc import Iterator

from deployer.config.model import Config
from deployer.config.suggestions import suggest
from deployer.config.wording import Finding
from deployer.kinds.base import Site


def check_shields(config: Config) -> Iterator[Finding]:
    """What is asked for where it cannot be: of sites, of keys, and of a server that has no token."""
    for domain, site in config.sites.items():
        if site.shielded in ("", "off"):
            continue
        why = why_not(config, domain)
        if not why and site.shielded == "auto":
            why = without_token(config, domain)
        if why:
            yield Finding(("sites", domain, "shield"), why)
    for name, key in config.keys.items():
        for position, domain in enumerate(key.shield):
            if why := unshieldable(config, domain):
                yield Finding(("keys", name, "shield", position), why)


def unshieldable(config: Config, name: str) -> str:
    """Why the server cannot shield what has this name by itself; empty: it can."""
    if name not in config.sites:
        return f"no site '{name}' here{suggest(name, config.sites)}"
    return why_not(config, name) or without_token(config, name)


def why_not(config: Config, domain: str) -> str:
    """Why Cloudflare cannot stand before this site; empty: it can."""
    site = config.sites[domain]
    for name in (domain, *site.aliases):
        if not at_cloudflare(config, name):
            return f"{name} is not at Cloudflare: a shield needs the zone there, as dns: says"
        if why := other_use(config, name):
            return f"{name} is {why}: Cloudflare passes on the web alone, and that would end"
    if not site.https:
        return "without https: Cloudflare and the server would speak in the clear"
    if site.logins:
        return f"git goes to {domain} over SSH: Cloudflare passes on the web alone, and that would end"
    if ports := [each for each in site.public_ports() if each not in ("80/tcp", "443/tcp")]:
        return f"{domain} also answers at {', '.join(ports)}: Cloudflare passes on the web alone"
    return ""


def other_use(config: Config, name: str) -> str:
    """What else than a page is reached by this name; empty: nothing."""
    if config.server and config.server.host == name:
        return "where SSH goes (server.host)"
    for entry_name, entry in config.everything.items():
        if entry.kind == "wireguard" and entry.endpoint(entry_name) == name:  # type: ignore[attr-defined]
            return "where WireGuard's clients go"
    return ""


def at_cloudflare(config: Config, name: str) -> bool:
    """Whether the zone of this name is kept there, as far as sites.yaml tells."""
    key = config.dns.keeper_of(name.removeprefix("*.")) if config.dns else None
    return bool(config.dns) and key is not None and config.dns.keepers[key].provider == "cloudflare"  # type: ignore[union-attr]


def without_token(config: Config, domain: str) -> str:
    """Why the server cannot turn its shield on by itself; empty: it can."""
    for name in (domain, *config.sites[domain].aliases):
        key = config.dns.keeper_of(name.removeprefix("*.")) if config.dns else None
        if config.dns and key is not None and config.dns.keepers[key].shield is None:
            return (
                f"the server turns it on by itself, with a token for the zone of {name} only: "
                "write it as dns.shield, beside the token"
            )
    return ""


def shieldable(config: Config) -> dict[str, Site]:
    """The sites that Cloudflare can stand before, by their domains."""
    return {domain: site for domain, site in sorted(config.sites.items()) if not why_not(config, domain)}
