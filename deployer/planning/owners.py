"""Whose each file and unit of a plan is, so that what is refused of one owner stops no other; pure."""

from collections.abc import Iterator
from dataclasses import replace

from deployer.planning.desired import Desired
from deployer.planning.moving import compositions_there
from deployer.planning.plan import Plan
from deployer.planning.renames import belongs, entries
from deployer.planning.running import owners_stopped
from deployer.seen.observation import Observation


def with_owners(plan: Plan, desired: Desired, seen: Observation) -> Plan:
    """The plan with the owner of all that it changes; what has none is everybody's, and stops everybody.

    Those whose units were stopped on purpose are told.
    """
    found = {
        **dict(_going(plan, desired, seen)),
        **{each.path: each.composition or desired.owners.get(each.path, "") for each in plan.secrets},
        **{each: desired.owners[each] for each in _touched(plan) if each in desired.owners},
    }
    changing = set(found.values())
    watched = {unit: desired.owners[unit] for unit in desired.units if desired.owners.get(unit) in changing}
    stopped = sorted({*plan.stopped, *owners_stopped(desired.units, desired.owners, seen.facts)})
    return replace(
        plan,
        owners=dict(sorted((found | watched).items())),
        watched=tuple(sorted(watched)),
        stopped=tuple(stopped),
    )


def _touched(plan: Plan) -> Iterator[str]:
    yield from (change.path for change in plan.changes)
    yield from plan.drift
    yield from plan.guarded
    yield from plan.units


def _going(plan: Plan, desired: Desired, seen: Observation) -> Iterator[tuple[str, str]]:
    """What is taken away of a site or service: all of it, or what it was of another kind or elsewhere."""
    there = {name: folder for name, (folder, _) in compositions_there(seen).items()}
    coming = {name: standing.folder for name, standing in desired.coming.items()}
    names = sorted({*entries(seen.written), *desired.names, *there, *coming})
    for path in (change.path for change in plan.changes if change.after is None):
        for name in names:
            folders = ("", there.get(name, ""), coming.get(name, ""))
            if any(belongs(path, name, folder, names) for folder in folders):
                yield path, name
