"""Certificates: the reload after a renewal, and the CA of a private ACME server."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import UNITS, script, scripts, system
from deployer.seen.facts import Certificate
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share
from deployer.values.quantities import amount

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.base import Site
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret

HOOK = "/etc/letsencrypt/renewal-hooks/deploy/deploy-reload-nginx"
CA = "/etc/deploy/acme-ca.pem"
DROP_IN = f"{UNITS}/certbot.service.d/deploy.conf"
REMOVABLE = ("/etc/letsencrypt/renewal-hooks/deploy/deploy-*", "/etc/deploy/challenges/*.conf")
SECTIONS = ((re.escape(CA), "acme.ca"),)
CHALLENGES = "/etc/deploy/challenges"
HANDLERS = (
    Handler(f"{CHALLENGES}/*", Stage.SERVED, live="keep_challenges", says="keep what proves names by DNS"),
)
QUESTIONS = (Question("unit", "snap.certbot.renew.timer"), Question("look", "certbot"))
SOON, DAY = 21, 86400
"""So many days before its end, a certificate that nobody renews is told."""
RENEWAL = frozenset({CA, HOOK, DROP_IN})
"""What the renewal of a certificate needs, as long as there is one."""


def share(config: "Config", facts: "Facts") -> Share:
    """What renewals need, where a site wants a certificate, or there is still one."""
    if not wanted_certificates(config):
        return Share(stays=RENEWAL if facts.certificates else frozenset())
    proved = proved_by_dns(config)
    tokens = challenge_tokens(config)
    return Share(
        files={**certbot_files(config), **(challenge_files(config) if proved else {})},
        units=frozenset({"certbot.timer"}),
        packages=frozenset({"curl", "jq"} if proved else ()),
        secrets={f"{CHALLENGES}/.env": tokens} if tokens else {},
    )


def proved_by_dns(config: "Config") -> list[str]:
    """The sites whose names are proved by DNS records."""
    return [domain for domain, site in sorted(config.sites.items()) if site.https and site.certificate.dns]


def challenge_files(config: "Config") -> dict[str, File]:
    """What proves names by DNS records, and how for each site."""
    sourced = ("lib/common/pause", "lib/common/program", "lib/composition/secrets", "lib/challenge/")
    names = (name for name in scripts() if name.startswith(sourced))
    found = {path: file for name in ("bin/challenge", *names) for path, file in script(name).items()}
    for domain in proved_by_dns(config):
        proofs = [
            (name, config.dns.keepers[key], token_name(key))
            for name in sorted({each.removeprefix("*.") for each in (domain, *config.sites[domain].aliases)})
            if config.dns and (key := config.dns.keeper_of(name)) is not None
        ]
        found[f"{CHALLENGES}/{domain}.conf"] = system("challenge.conf", domain=domain, proofs=proofs)
    return found


def challenge_tokens(config: "Config") -> "dict[str, Secret]":
    """The tokens that prove names on the server, by their names there."""
    found = {}
    for domain in proved_by_dns(config):
        for name in (domain, *config.sites[domain].aliases):
            key = config.dns.keeper_of(name.removeprefix("*.")) if config.dns else None
            if config.dns and key is not None and (token := config.dns.keepers[key].renewal):
                found[token_name(key)] = token
    return found


def token_name(keeper: str) -> str:
    """What the token of a keeper is called on the server."""
    return "TOKEN_" + keeper.replace(".", "_").replace("-", "__") if keeper else "TOKEN"


def certbot_files(config: "Config") -> dict[str, File]:
    """The hook, and what makes Certbot trust a private CA."""
    found = {HOOK: system("reload-nginx", mode=0o755)}
    if config.acme.ca_certificate:
        found[CA] = File(config.acme.ca_certificate.encode())
        found[DROP_IN] = system("certbot.service.conf")
    return found


def wanted_certificates(config: "Config") -> dict[str, tuple[str, ...]]:
    """The domains of each certificate that the server shall have, by its name."""
    https = {domain: site for domain, site in sorted(config.sites.items()) if site.https}
    return {name: (name, *site.aliases) for name, site in https.items() if not site.certificate.own}


def with_own_certificates(config: "Config", facts: "Facts") -> "Facts":
    """The facts of a server that has those certificates, too, that sites bring along."""
    own = {
        domain: Certificate(
            site.certificate.covered(),
            int(site.certificate.leaf().not_valid_after_utc.timestamp()),
            site.certificate.leaf().issuer.rfc4514_string(),
        )
        for domain, site in config.sites.items()
        if site.https and site.certificate.own
    }
    return replace(facts, certificates={**facts.certificates, **own}) if own else facts


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The certificate and the key that a site brings along, and for how long the former lasts."""
    site = config.sites.get(name)
    if site is None or not site.https or site.certificate.chain is None or site.certificate.key is None:
        return Share()
    folder, ends = site.certificate.folder(name), facts.certificates[name].expires
    files = {
        f"{folder}/fullchain.pem": File(site.certificate.chain.content),
        f"{folder}/privkey.pem": File(site.certificate.key.content, 0o600, secret=True),
    }
    days = (ends - facts.now) // DAY
    if not facts.now or days >= SOON:
        return Share(files=files)
    state = f"ends in {amount(days, 'day')}" if ends > facts.now else "has ended"
    return Share(files=files, pressing=(f"the certificate of {name}, your own, {state}: bring the next one",))


def can_answer(domain: str, site: "Site", facts: "Facts") -> bool:
    """Whether NGINX can serve the site: with HTTPS it needs a certificate for the domain."""
    certificate = facts.certificates.get(domain)
    return not site.https or (certificate is not None and certificate.covers(domain))


def able(config: "Config", facts: "Facts") -> "dict[str, Site]":
    """The sites that NGINX can serve, by their domains."""
    return {domain: site for domain, site in sorted(config.sites.items()) if can_answer(domain, site, facts)}
