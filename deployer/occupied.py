"""The ports that NGINX needs and another program has; pure."""

from dataclasses import replace

from deployer.observation import Observation
from deployer.plan import Plan


def with_occupied(plan: Plan, seen: Observation) -> Plan:
    """The plan with whoever keeps NGINX from its ports, where it would be started or reloaded."""
    waits = "nginx.service" in plan.units or any(each.path.startswith("/etc/nginx/") for each in plan.changes)
    told = tuple(f"{each}, and NGINX needs it" for each in seen.facts.by_hand.web_ports) if waits else ()
    return replace(plan, occupied=told, pressing=(*told, *plan.pressing))
