"""From a configuration and a few facts to everything that the server shall have; pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployer.desired.facts import Facts
from deployer.desired.shared import shared_files
from deployer.files import File

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.base import Site

SHARED_PACKAGES = frozenset({"nginx", "curl", "logrotate"})
ABSENT = frozenset({"/etc/nginx/sites-enabled/default"})


@dataclass(frozen=True, slots=True)
class Desired:
    """A server as it shall be.

    `site_of` has the domain of each file that belongs to one site. `absent` are paths that must not be
    there. `certificates` has the domains of each certificate, `names` those of each site. `units` are
    enabled and running. `hugo` are versions that stand side by side.
    """

    files: dict[str, File]
    site_of: dict[str, str]
    absent: frozenset[str]
    packages: frozenset[str]
    certificates: dict[str, tuple[str, ...]]
    names: dict[str, tuple[str, ...]]
    units: frozenset[str]
    hugo: frozenset[str]


def desired_files(config: "Config", facts: Facts) -> Desired:
    """Everything that the server shall have; the same config and facts give the same bytes.

    A site without a certificate for its domain has no files yet: NGINX could not load them.
    `facts.packages` are those that will be installed when the files arrive.
    """
    sites = dict(sorted(config.sites.items()))
    files, site_of = shared_files(config, facts), {}
    for domain, site in sites.items():
        if can_answer(domain, site, facts):
            own = site.files(domain, facts)
            files |= own
            site_of |= dict.fromkeys(own, domain)
    certificates = wanted_certificates(config)
    return Desired(
        files=dict(sorted(files.items())),
        site_of=site_of,
        absent=ABSENT,
        packages=wanted_packages(config),
        certificates=certificates,
        names={domain: (domain, *site.aliases) for domain, site in sites.items()},
        units=frozenset({"nginx.service", "certbot.timer"} if certificates else {"nginx.service"}),
        hugo=frozenset().union(*(site.hugo_versions() for site in sites.values())),
    )


def wanted_packages(config: "Config") -> frozenset[str]:
    """The Debian packages that the server shall have."""
    return SHARED_PACKAGES.union(*(site.packages() for site in config.sites.values()))


def wanted_certificates(config: "Config") -> dict[str, tuple[str, ...]]:
    """The domains of each certificate that the server shall have, by its name."""
    https = {domain: site for domain, site in sorted(config.sites.items()) if site.https}
    return {domain: (domain, *site.aliases) for domain, site in https.items()}


def can_answer(domain: str, site: "Site", facts: Facts) -> bool:
    """Whether NGINX can serve the site: with HTTPS it needs a certificate for the domain."""
    certificate = facts.certificates.get(domain)
    return not site.https or (certificate is not None and certificate.covers(domain))
