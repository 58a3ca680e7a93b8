"""From a configuration and a few facts to everything that the server shall have; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from deployer.desired.backups import (
    backup_files,
    backup_notes,
    backup_packages,
    composition_backup,
    unsaved_remarks,
)
from deployer.desired.compositions import (
    composition_remarks,
    resume_files,
    standings,
    update_notes,
    values,
    wanted_secrets,
    without_domain,
)
from deployer.desired.docker import docker_notes, docker_packages, docker_sources, engine, in_the_way
from deployer.desired.keys import key_files, key_packages
from deployer.desired.nginx import nginx_notes
from deployer.desired.repositories import repository_files, repository_remarks
from deployer.desired.security import (
    FIREWALL,
    open_ports,
    port_notes,
    security_files,
    security_packages,
    security_units,
)
from deployer.desired.shared import RENEWAL, shared_files
from deployer.desired.updates import TIMER, update_files
from deployer.files import File
from deployer.kinds.composition import Composition
from deployer.secrets import Secret
from deployer.seen.by_hand import by_hand_notes
from deployer.seen.facts import BROTLI_MODULE, Facts
from deployer.seen.stacks import Standing
from deployer.seen.ufw import drift

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
    enabled and running. `hugo` are versions that stand side by side. `sources` are those of the files that
    apt needs before it installs packages, `in_the_way` packages that must go for others to come. `stays`
    are paths that are not removed, if they are there. `secrets` has the values of each .env, by its path and
    their names, `standings` where each composition shall stand, by its name, and `coming` also of those that
    wait for a certificate. `notes` is what a person should know, `remarks` what of single entries,
    `pressing` also when nothing changes. `drift` is what the server does otherwise
    than a file says that is as it should be, by its path. `undo_after` is how many seconds a change that
    could lock out waits for a new login.
    """

    files: dict[str, File]
    site_of: dict[str, str]
    absent: frozenset[str]
    packages: frozenset[str]
    certificates: dict[str, tuple[str, ...]]
    names: dict[str, tuple[str, ...]]
    units: frozenset[str]
    hugo: frozenset[str]
    sources: frozenset[str] = frozenset()
    in_the_way: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    coming: Mapping[str, Standing] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    pressing: tuple[str, ...] = ()
    drift: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undo_after: int = 120

    @property
    def waiting(self) -> frozenset[str]:
        """The compositions that wait for a certificate."""
        return frozenset(self.coming.keys() - self.standings.keys())


def desired_files(config: "Config", facts: Facts) -> Desired:
    """Everything that the server shall have; the same config and facts give the same bytes.

    A site without a certificate for its domain has no files yet: NGINX could not load them.
    `facts.packages` are those that will be installed when the files arrive.
    """
    sites = dict(sorted(config.sites.items()))
    sources = docker_sources(config, facts)
    files = {**shared_files(config, facts), **sources, **update_files(config), **resume_files(config)}
    site_of: dict[str, str] = {}
    files |= key_files(config) | repository_files(config)
    files |= backup_files(config)
    able = {domain: site for domain, site in sites.items() if can_answer(domain, site, facts)}
    files |= security_files(config, facts, able)
    with_coming_engine = replace(facts, docker=engine(config, facts))
    entries: dict[str, Site | Composition] = {**able, **without_domain(config)}
    for name, entry in entries.items():
        own = entry.files(name, with_coming_engine)
        if isinstance(entry, Composition):
            own |= values(config, name, entry, with_coming_engine) | composition_backup(config, name)
        files |= own
        site_of |= dict.fromkeys(own, name)
    certificates = wanted_certificates(config)
    coming = standings(config, with_coming_engine)
    return Desired(
        files=dict(sorted(files.items())),
        site_of=site_of,
        absent=ABSENT,
        packages=wanted_packages(config, facts),
        certificates=certificates,
        names={domain: (domain, *site.aliases) for domain, site in sites.items()},
        units=wanted_units(config),
        hugo=frozenset().union(*(site.hugo_versions() for site in sites.values())),
        sources=frozenset(sources),
        in_the_way=in_the_way(config, facts),
        stays=RENEWAL if facts.certificates and not certificates else frozenset(),
        secrets=wanted_secrets(config, site_of.values()),
        standings={name: each for name, each in coming.items() if name in site_of.values()},
        coming=coming,
        notes=_notes(config, facts, files),
        remarks=_remarks(config, facts),
        pressing=port_notes(config, facts),
        drift={FIREWALL: found} if (found := firewall_drift(config, facts)) else {},
        undo_after=config.security.undo_after,
    )


def _notes(config: "Config", facts: Facts, files: Mapping[str, File]) -> tuple[str, ...]:
    """What a person should know."""
    return (
        *nginx_notes(facts, asked_packages(config)),
        *docker_notes(config, facts),
        *update_notes(config),
        *by_hand_notes(config, facts.by_hand, files),
        *backup_notes(config, facts),
    )


def _remarks(config: "Config", facts: Facts) -> tuple[tuple[str, str], ...]:
    """What a person should know of single entries, with their names."""
    return (*composition_remarks(config), *repository_remarks(config, facts), *unsaved_remarks(config))


def firewall_drift(config: "Config", facts: Facts) -> tuple[str, ...]:
    """What UFW does otherwise than it shall."""
    return drift(facts.ufw, open_ports(config, facts)) if config.security.firewall else ()


def wanted_packages(config: "Config", facts: Facts) -> frozenset[str]:
    """The Debian packages that the server shall have; Docker's depend on the server."""
    return (
        asked_packages(config) - ({BROTLI_MODULE} if facts.programs.foreign_nginx else set())
        | docker_packages(config, facts)
        | security_packages(config)
        | key_packages(config)
        | backup_packages(config)
    )


def asked_packages(config: "Config") -> frozenset[str]:
    """Those that NGINX and what it serves ask for, whatever the server is."""
    return SHARED_PACKAGES.union(*(entry.packages() for entry in config.everything.values()))


def wanted_units(config: "Config") -> frozenset[str]:
    """The units that shall be enabled and running."""
    certbot = {"certbot.timer"} if wanted_certificates(config) else set()
    docker = {"docker.service"} if config.compositions else set()
    return frozenset(
        {"nginx.service"} | certbot | docker | ({TIMER} if config.updates else set())
    ) | security_units(config)


def wanted_certificates(config: "Config") -> dict[str, tuple[str, ...]]:
    """The domains of each certificate that the server shall have, by its name."""
    https = {domain: site for domain, site in sorted(config.sites.items()) if site.https}
    return {domain: (domain, *site.aliases) for domain, site in https.items()}


def can_answer(domain: str, site: "Site", facts: Facts) -> bool:
    """Whether NGINX can serve the site: with HTTPS it needs a certificate for the domain."""
    certificate = facts.certificates.get(domain)
    return not site.https or (certificate is not None and certificate.covers(domain))
