"""From a configuration and a few facts to everything that the server shall have; pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts import called, parts, shares, with_parts
from deployer.parts.certbot import able, proved_by_dns, wanted_certificates, with_own_certificates
from deployer.parts.docker import engine
from deployer.parts.nginx import asked_packages
from deployer.parts.shield import with_shieldable
from deployer.parts.shown import with_shown
from deployer.seen.facts import Facts
from deployer.seen.stacks import Standing
from deployer.shares.question import Question
from deployer.shares.share import Share, total
from deployer.values.program import Sent
from deployer.values.secrets import Secret

if TYPE_CHECKING:
    from deployer.config.model import Config


@dataclass(frozen=True, slots=True)
class Desired:
    """A server as it shall be.

    `site_of` has the site or service that each file belongs to. `absent` are paths that must not be
    there. `certificates` has the domains of each certificate, `names` those of each site. `units` are
    enabled and running. `hugo` are versions that stand side by side, `sent` files of this machine.
    `sources` are those of the files that apt needs before it installs packages, `in_the_way` packages
    that must go for others to come. `stays` are paths that are not removed, if they are there. `secrets`
    has the values of each .env, by its path and their names, `ports` those of each entry's own program,
    `standings` where each composition shall stand, by its name, and `coming` also of those that wait for
    a certificate. `notes` is what a person should know, `remarks` what of single entries, `pressing` also
    when nothing changes. `drift` is what the server does otherwise than a file says that is as it should
    be, by its path. `undo_after` is how many seconds a change that could lock out waits for a new login.
    `owners` has whose each file and unit is that is no two owners': a name of sites.yaml, or a part's key
    of it with a colon.
    """

    files: dict[str, File]
    site_of: dict[str, str]
    absent: frozenset[str]
    packages: frozenset[str]
    certificates: dict[str, tuple[str, ...]]
    names: dict[str, tuple[str, ...]]
    units: frozenset[str]
    hugo: frozenset[str]
    sent: tuple[Sent, ...] = ()
    sources: frozenset[str] = frozenset()
    in_the_way: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    ports: Mapping[str, frozenset[int]] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    coming: Mapping[str, Standing] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    pressing: tuple[str, ...] = ()
    drift: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undo_after: int = 120
    owners: Mapping[str, str] = field(default_factory=dict)
    by_dns: frozenset[str] = frozenset()

    @property
    def waiting(self) -> frozenset[str]:
        """The compositions that wait for a certificate."""
        return frozenset(self.coming.keys() - self.standings.keys())


def desired_files(config: "Config", facts: Facts) -> Desired:
    """Everything that the server shall have; the same config and facts give the same bytes.

    A site without a certificate for its domain has no files yet: NGINX could not load them.
    `facts.packages` are those that will be installed when the files arrive.
    """
    facts = with_shown(config, with_shieldable(config, with_own_certificates(config, facts)))
    with_coming_engine = facts.having(docker=engine(config, facts))
    own = entry_shares(config, with_coming_engine)
    of_parts = [*shares(config, facts)]
    everything = total([*of_parts, *own.values()])
    site_of = {path: name for name, each in own.items() for path in (*each.files, *each.secrets)}
    coming = everything.standings
    return Desired(
        files=dict(sorted(everything.files.items())),
        site_of=site_of,
        absent=everything.absent,
        packages=everything.packages - everything.unwanted,
        certificates=wanted_certificates(config),
        names={domain: (domain, *site.aliases) for domain, site in sorted(config.sites.items())},
        units=everything.units,
        hugo=everything.hugo,
        sent=everything.sent,
        sources=everything.sources,
        in_the_way=everything.in_the_way,
        stays=everything.stays,
        secrets=everything.secrets,
        ports=everything.ports,
        standings={name: each for name, each in coming.items() if name in site_of.values()},
        coming=coming,
        notes=everything.notes,
        remarks=everything.remarks,
        pressing=everything.pressing,
        drift=everything.drift,
        undo_after=config.security.undo_after,
        by_dns=frozenset(proved_by_dns(config)),
        owners=_owners([*zip(map(called, parts()), of_parts, strict=True), *own.items()]),
    )


def _owners(owned: Sequence[tuple[str, Share]]) -> dict[str, str]:
    """Whose each file and unit is, if it has one owner, with a name, for whom nobody else need wait."""
    wanted = [
        (each, owner) for owner, share in owned for each in {*share.files, *share.secrets, *share.units}
    ]
    twice = Counter(each for each, _ in wanted)
    return {each: owner for each, owner in wanted if owner and twice[each] == 1}


def entry_shares(config: "Config", facts: Facts) -> dict[str, Share]:
    """What each site, and each service without a domain, wants of the server, by its name."""
    waiting = config.sites.keys() - able(config, facts).keys()
    return {
        name: entry.before_it_answers(name, facts)
        if name in waiting
        else with_parts(config, name, entry.share(name, facts), facts)
        for name, entry in sorted(config.everything.items())
    }


def wanted_packages(config: "Config", facts: Facts) -> frozenset[str]:
    """The Debian packages that the server shall have, also of sites that wait; raises DeployError."""
    shared = total(shares(config, facts))
    return (shared.packages | asked_packages(config)) - shared.unwanted


def questions_of(desired: Desired) -> Iterator[Question]:
    """What has to be known of a server that shall be so."""
    yield from (Question("file", path) for path in {*desired.files, *desired.absent})
    yield from (Question("secrets", path) for path in desired.secrets)
    yield from (Question("unit", unit) for unit in desired.units)
    yield from (Question("path", path) for each in desired.sent for path in (each.made, each.place))
