"""Certificates: the reload after a renewal, and the CA of a private ACME server."""

import re
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import UNITS, system
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.base import Site
    from deployer.seen.facts import Facts

HOOK = "/etc/letsencrypt/renewal-hooks/deploy/deploy-reload-nginx"
CA = "/etc/deploy/acme-ca.pem"
DROP_IN = f"{UNITS}/certbot.service.d/deploy.conf"
REMOVABLE = ("/etc/letsencrypt/renewal-hooks/deploy/deploy-*",)
SECTIONS = ((re.escape(CA), "acme.ca"),)
QUESTIONS = (Question("unit", "snap.certbot.renew.timer"), Question("look", "certbot"))
RENEWAL = frozenset({CA, HOOK, DROP_IN})
"""What the renewal of a certificate needs, as long as there is one."""


def share(config: "Config", facts: "Facts") -> Share:
    """What renewals need, where a site wants a certificate, or there is still one."""
    if not wanted_certificates(config):
        return Share(stays=RENEWAL if facts.certificates else frozenset())
    return Share(files=certbot_files(config), units=frozenset({"certbot.timer"}))


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
    return {domain: (domain, *site.aliases) for domain, site in https.items()}


def can_answer(domain: str, site: "Site", facts: "Facts") -> bool:
    """Whether NGINX can serve the site: with HTTPS it needs a certificate for the domain."""
    certificate = facts.certificates.get(domain)
    return not site.https or (certificate is not None and certificate.covers(domain))


def able(config: "Config", facts: "Facts") -> "dict[str, Site]":
    """The sites that NGINX can serve, by their domains."""
    return {domain: site for domain, site in sorted(config.sites.items()) if can_answer(domain, site, facts)}
