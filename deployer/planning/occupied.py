"""The ports that NGINX needs and another program has, and those to which it leads and nobody has; pure."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from deployer.planning.desired import Desired
from deployer.planning.plan import Plan
from deployer.seen.observation import Observation

LEADS = re.compile(rb"^[^#\n]*(?:proxy_pass\s+http://|server\s+)127\.0\.0\.1:(\d+)", re.MULTILINE)


def with_ports(plan: Plan, desired: Desired, seen: Observation, sites: Collection[str] | None) -> Plan:
    """The plan with whoever keeps NGINX from its ports, and the sites behind which nothing listens."""
    waits = "nginx.service" in plan.units or any(each.path.startswith("/etc/nginx/") for each in plan.changes)
    told = tuple(f"{each}, and NGINX needs it" for each in seen.facts.by_hand.web_ports) if waits else ()
    open_ends = _open_ends(plan, desired, seen, sites) if seen.facts.listening else ()
    return replace(plan, occupied=told, pressing=(*told, *plan.pressing, *open_ends))


def _open_ends(
    plan: Plan, desired: Desired, seen: Observation, sites: Collection[str] | None
) -> Iterator[str]:
    """Who has a program of its own is told of otherwise: the plan says what is to be started."""
    programs = frozenset[int]().union(*desired.ports.values())
    for path, site in sorted(desired.site_of.items()):
        if site in desired.ports or site in plan.held or (sites is not None and site not in sites):
            continue
        if path == f"/etc/nginx/conf.d/{site}.conf":
            ports = {int(found) for found in LEADS.findall(desired.files[path].content)}
            for port in sorted(ports - programs - seen.facts.listening):
                yield f"{site}: nothing listens on 127.0.0.1:{port}, visitors get an error"
