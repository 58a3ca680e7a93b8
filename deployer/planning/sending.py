"""Which files of this machine go to the server with a plan; pure."""

from dataclasses import replace

from deployer.planning.desired import Desired
from deployer.planning.plan import Plan
from deployer.seen.observation import Observation


def with_sent(plan: Plan, desired: Desired, seen: Observation) -> Plan:
    """The plan with those that its changes ask for, if neither they nor what is made of them is there."""
    asking, missing = {change.path for change in plan.changes if change.after}, seen.facts.missing
    wanted = {
        each.place: each
        for each in desired.sent
        if each.asked_by in asking and {each.place, each.made} <= missing
    }
    return replace(plan, sent=tuple(wanted.values()))
