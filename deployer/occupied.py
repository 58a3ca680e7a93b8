"""The ports that NGINX needs and another program has, and those to which it leads and nobody has; pure."""

import re
from collections.abc import Collection
from dataclasses import replace

from deployer.desired import Desired
from deployer.observation import Observation
from deployer.plan import Plan

LEADS = re.compile(rb"^[^#\n]*proxy_pass\s+http://127\.0\.0\.1:(\d+)", re.MULTILINE)


def with_occupied(plan: Plan, seen: Observation) -> Plan:
    """The plan with whoever keeps NGINX from its ports, where it would be started or reloaded."""
    waits = "nginx.service" in plan.units or any(each.path.startswith("/etc/nginx/") for each in plan.changes)
    told = tuple(f"{each}, and NGINX needs it" for each in seen.facts.by_hand.web_ports) if waits else ()
    return replace(plan, occupied=told, pressing=(*told, *plan.pressing))


def with_nobody_there(plan: Plan, desired: Desired, seen: Observation, sites: Collection[str] | None) -> Plan:
    """The plan with the sites of which visitors get 502, as nothing listens where NGINX leads to.

    What becomes of services in containers is told by what is known of these.
    """
    services = {int(port.partition("/")[0]) for each in desired.coming.values() for port in each.ports}
    told = [
        f"{site}: nothing listens on 127.0.0.1:{port}, visitors get 502"
        for path, site in sorted(desired.site_of.items())
        if path == f"/etc/nginx/conf.d/{site}.conf" and site not in desired.coming
        if (sites is None or site in sites) and site not in plan.held and seen.facts.listening
        for port in sorted({int(found) for found in LEADS.findall(desired.files[path].content)})
        if port not in services | seen.facts.listening
    ]
    return replace(plan, pressing=(*plan.pressing, *told))
