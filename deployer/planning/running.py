"""Containers and units that do not run, though sites.yaml wants them; pure."""

from collections.abc import Iterable, Iterator, Mapping

from deployer.seen.facts import Facts
from deployer.seen.stacks import Stack, Standing

STOPPED = {"inactive disabled", "inactive enabled"}
"""How units are that `deploy stop` has stopped; an earlier one let them start with the server."""


def lacking(name: str, standing: Standing, facts: Facts) -> Iterator[str]:
    """What of a composition whose files are there does not run; nothing where Docker does not tell."""
    stack = facts.stacks.get(standing.project, Stack(standing.project))
    if not facts.engine or stopped_on_purpose(name, stack, facts):
        return
    if not stack.containers and standing.waits_for_push and name not in facts.brought_up:
        return
    if not stack.containers:
        yield "its containers are gone" if name in facts.brought_up else "it has never been brought up"
        return
    missing = standing.services - {container.service for container in stack.containers}
    faults = {container.fault for container in stack.containers} - {""}
    yield from sorted(faults | {f"{service} has no container" for service in missing})


def stopped_on_purpose(name: str, stack: Stack, facts: Facts) -> bool:
    """Whether `deploy stop` has stopped it, and none of it runs or was started since."""
    since = facts.stopped.get(name)
    started = max((container.started for container in stack.containers), default=0)
    return since is not None and not stack.running and started <= since


def stopped(wanted: Mapping[str, Standing], facts: Facts) -> Iterator[str]:
    """The names of those that were stopped on purpose."""
    for name, standing in wanted.items():
        if stopped_on_purpose(name, facts.stacks.get(standing.project, Stack(standing.project)), facts):
            yield name


def units_to_start(units: Iterable[str], owners: Mapping[str, str], facts: Facts) -> Iterator[str]:
    """Those of the units that do not run, or do not start with the server, unless that is on purpose."""
    rest = owners_stopped(units, owners, facts)
    for unit in units:
        if facts.units.get(unit) != "active enabled" and owners.get(unit) not in rest:
            yield unit


def owners_stopped(units: Iterable[str], owners: Mapping[str, str], facts: Facts) -> frozenset[str]:
    """Those whose units were stopped by `deploy stop`: none runs or has failed, and none is gone."""
    of = {
        name: {facts.units.get(unit) for unit in units if owners.get(unit) == name} for name in facts.stopped
    }
    return frozenset(name for name, states in of.items() if states and states <= STOPPED)
