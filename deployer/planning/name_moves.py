"""Names that move from one site to another: each stays until the new one serves it by HTTPS; pure."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from deployer.config.model import Config
from deployer.files import File
from deployer.parts.certbot import with_own_certificates
from deployer.planning.desired import Desired
from deployer.planning.moving import compositions_there
from deployer.planning.plan import Order
from deployer.seen.observation import Observation

SERVER_NAMES = re.compile(r"^\s*server_name\s([^;]*);", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NameMove:
    """A name that `old` serves by HTTPS and `new` shall serve, and does not yet.

    When it is `covered` by the certificate of `new`, both have it until NGINX has taken the file of `new`.
    """

    name: str
    old: str
    new: str
    covered: bool

    def __str__(self) -> str:
        return (
            f"{self.name} moves from {self.old} to {self.new}: "
            f"it stays with {self.old} until the certificate of {self.new} has it"
        )

    @property
    def why_not(self) -> str:
        """Why it is still where it was."""
        reason = "is not live with it" if self.covered else "has no certificate for it"
        return f"{self.name} stays with {self.old}: {self.new} {reason}"


def name_moves(
    config: Config, seen: Observation, scope: Collection[str] | None = None
) -> tuple[NameMove, ...]:
    """The names that move, from or to a site in scope (None: all)."""
    return tuple(
        move for move in _all_moves(config, seen) if scope is None or {move.old, move.new} & {*scope}
    )


def _all_moves(config: Config, seen: Observation) -> Iterator[NameMove]:
    has: dict[str, str] = {}
    ending = compositions_there(seen).keys() - config.everything.keys()
    for old, certificate in sorted(seen.facts.certificates.items()):
        site = config.sites.get(old)
        if vhost(old) in seen.written and old not in ending and (site is None or site.https):
            has |= {name: old for name in served(old, seen) if certificate.covers(name)}
    certificates = with_own_certificates(config, seen.facts).certificates
    for new, site in sorted(config.sites.items()):
        there = certificates.get(new)
        for name in (new, *site.aliases) if site.https else ():
            covered = there is not None and there.covers(name)
            if has.get(name, new) != new and not (covered and name in served(new, seen)):
                yield NameMove(name, has[name], new, covered)


def vhost(domain: str) -> str:
    """The path of a site's NGINX file."""
    return f"/etc/nginx/conf.d/{domain}.conf"


def served(domain: str, seen: Observation) -> frozenset[str]:
    """The names for which the site's NGINX file on the server answers."""
    file = seen.files.get(vhost(domain))
    text = file.content.decode(errors="replace") if isinstance(file, File) else ""
    return frozenset(name for names in SERVER_NAMES.findall(text) for name in names.split())


def before_moves(config: Config, moves: Iterable[NameMove]) -> Config:
    """The same sites, each with the names that it still has."""
    sites = dict(config.sites)
    for move in moves:
        if not move.covered:
            left = tuple(name for name in sites[move.new].aliases if name != move.name)
            sites[move.new] = sites[move.new].model_copy(update={"aliases": left})
        if old := sites.get(move.old):
            sites[move.old] = old.model_copy(update={"aliases": (*old.aliases, move.name)})
    return config.model_copy(update={"sites": sites})


def keeping_old(desired: Desired, moves: Iterable[NameMove]) -> Desired:
    """The same, and the NGINX files of those that have a name which has not moved yet stay."""
    return replace(desired, stays=desired.stays | {vhost(move.old) for move in moves})


def losing_nothing(
    orders: Iterable[Order], moves: Collection[NameMove], seen: Observation
) -> Iterator[Order]:
    """The orders of certificates, none of which lets go of a name that has not moved yet."""
    for order in orders:
        kept = tuple(move.name for move in moves if move.old == order.name)
        there = seen.facts.certificates.get(order.name)
        names = (*order.names, *kept)
        if not kept or there is None or order.replaces or there.names != frozenset(names):
            yield replace(order, names=names)


def that_lost(orders: Iterable[Order], moves: Collection[NameMove], seen: Observation) -> tuple[Order, ...]:
    """The orders of certificates that let go of names which have moved, and no longer serve them."""
    return tuple(
        order
        for order in orders
        if any(move.old == order.name for move in moves)
        and not order.missing
        and not (seen.facts.certificates[order.name].names - {*order.names}) & served(order.name, seen)
    )
