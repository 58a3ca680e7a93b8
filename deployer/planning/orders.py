"""The certificates to ask for; pure."""

from collections.abc import Iterable, Mapping

from deployer.planning.desired import Desired
from deployer.planning.plan import Order
from deployer.seen.observation import Observation

EDITING = ("nginx", "apache", "standalone")
"""Certbot's ways to prove a domain that edit NGINX's files at each renewal, or want its port."""


def orders(
    desired: Desired, seen: Observation, acme: str, held: Mapping[str, str], sites: frozenset[str] | None
) -> Iterable[Order]:
    """The certificates to ask for: those that are missing, lack a name, or renew in another way."""
    for name, names in sorted(desired.certificates.items()):
        if name in held or (sites is not None and name not in sites):
            continue
        there = seen.facts.certificates.get(name)
        if there is None:
            yield Order(name, names, names, by_dns=name in desired.by_dns)
            continue
        missing = tuple(n for n in names if n not in there.names)
        by_dns = name in desired.by_dns
        replaces = there.server not in ("", acme) or there.authenticator in EDITING
        replaces |= by_dns != there.proved_by_dns
        if replaces or there.names != frozenset(names):
            yield Order(name, names, missing, replaces, by_dns=by_dns)
        elif there.drops_names:
            yield Order(name, names, (), mends=True)
