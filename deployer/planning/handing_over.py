"""The plan with what becomes of containers: which come up, which end, and when NGINX leads there; pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from deployer.files import Files
from deployer.planning.desired import Desired
from deployer.planning.holding import Ports, Takeover, holding, ports_led_to, with_runners
from deployer.planning.moving import VALUES, Moving, compositions_there, known_to_us
from deployer.planning.name_moves import vhost
from deployer.planning.plan import Plan
from deployer.planning.renames import renamed
from deployer.planning.transition import Ending, Transition, heir
from deployer.seen.observation import Observation
from deployer.seen.stacks import Standing

VHOST = re.compile(r"/etc/nginx/conf\.d/(.+)\.conf")


def with_transition(
    plan: Plan,
    desired: Desired,
    seen: Observation,
    gone: Collection[str],
    moving: Moving,
) -> Plan:
    """The plan with the compositions that come up anew, those that end, and what changes hands."""
    coming = _coming(plan, desired.standings, seen, moving.otherwise)
    ended = tuple(sorted(set(_ended(plan, desired, seen, gone, coming)), key=lambda each: each.name))
    old_names = renamed(desired.coming, desired.files, seen)
    leads = dict(_leads(plan, desired.standings, coming))
    there = with_runners(known_to_us(seen), desired.standings, seen.facts.stacks)
    transition = Transition(
        desired.standings,
        there,
        holding(there, seen.facts.stacks, seen.files),
        seen.facts.stacks,
        coming,
        ended,
        old_names,
        frozenset(_crossed(plan, leads)),
    )
    leads, waits = _with_takers(plan, transition, leads, moving.takeovers)
    has = _has(plan, leads, transition.has)
    transition = replace(transition, has=has, waits=waits)
    steps = transition.steps()
    return replace(
        plan,
        compositions=tuple(sorted(coming)),
        ended=ended,
        otherwise=moving.otherwise,
        stopped=moving.stopped,
        steps=steps,
        moves=tuple(transition.remarks(steps)),
        leads=_former(plan, leads, moving.takeovers) | leads,
        takeovers=moving.takeovers,
    )


def _former(plan: Plan, leads: Mapping[str, str], takeovers: Collection[Takeover]) -> dict[str, str]:
    """Files of sites that go, one of whose names another has when it answers: they stay until then."""
    removed = {change.path for change in plan.changes if not change.after}
    return {
        vhost(each.old): leads[vhost(each.new)]
        for each in takeovers
        if each.kind == "name" and vhost(each.old) in removed and vhost(each.new) in leads
    }


def _coming(
    plan: Plan, wanted: Mapping[str, Standing], seen: Observation, otherwise: Collection[str]
) -> frozenset[str]:
    """Those whose files, values or secrets change, or which run otherwise than they shall."""
    there = compositions_there(seen)
    written = [(change.site or "", change.path) for change in plan.changes if change.after]
    changed = {
        name for name, path in written if name in wanted and path.startswith(f"{wanted[name].folder}/")
    }
    made_anew = {
        name
        for name, path in written
        if name in wanted and wanted[name].by_values and path == f"{VALUES}{name}.conf"
    }
    elsewhere = {
        name
        for name, path in written
        if name in wanted
        and path == f"{VALUES}{name}.conf"
        and name in there
        and there[name] != wanted[name].place
    }
    values = {each.composition for each in plan.secrets if each.composition in wanted}
    return frozenset({*changed, *made_anew, *elsewhere, *otherwise, *values})


def _ended(
    plan: Plan, desired: Desired, seen: Observation, gone: Collection[str], coming: Collection[str]
) -> Iterator[Ending]:
    """Those that nobody wants, or that are of another kind or project now; and what is owed."""
    wanted = {standing.project for standing in desired.coming.values()}
    written = {change.path for change in plan.changes if change.after}
    for name, (_, project) in compositions_there(seen).items():
        values = f"{VALUES}{name}.conf"
        of_another_kind = values in written and name not in desired.coming
        of_another_project = name in coming and project != desired.standings[name].project
        if values in gone or of_another_kind or (of_another_project and project not in wanted):
            yield Ending(name, project, heir(project, desired.coming))
    yield from (Ending(name, project) for name, project in seen.facts.owed if project not in wanted)


def _leads(plan: Plan, wanted: Mapping[str, Standing], coming: Collection[str]) -> Iterator[tuple[str, str]]:
    """NGINX's files that lead to a composition which comes up, and its name: they count when it answers."""
    ports = {port: name for name in coming for port in wanted[name].ports}
    files: Files = {change.path: change.after for change in plan.changes if change.after}
    for path, file in files.items():
        if found := VHOST.fullmatch(path):
            there = ports_led_to(file) & ports.keys()
            names = [found[1]] if found[1] in coming else sorted(ports[port] for port in there)
            if names:
                yield path, names[0]


def _with_takers(
    plan: Plan, transition: Transition, leads: Mapping[str, str], takeovers: Collection[Takeover]
) -> tuple[dict[str, str], Mapping[str, set[str]]]:
    """The files that count only when somebody answers, and whom else each waits for that comes up.

    What one takes of another is free when that one has gone live with what it is to be, which may fail.
    """
    written = {change.path for change in plan.changes if change.after}
    found, waits = dict(leads), defaultdict[str, set[str]](set)
    steps = -1
    while steps != (steps := len(found) + sum(map(len, waits.values()))):
        for each in takeovers:
            first = _decides(each, transition, found)
            if not first or first == each.new:
                continue
            if each.new not in transition.coming:
                waiting = found.setdefault(vhost(each.new), first) if vhost(each.new) in written else first
            else:
                waiting = first if each.kind == "port" else each.new  # ports are in the order anyway
            if waiting != first:
                waits[waiting].add(first)
    return found, waits


def _decides(each: Takeover, transition: Transition, leads: Mapping[str, str]) -> str:
    """Whose coming up decides whether the old one keeps what it has; empty where that is decided before."""
    if each.old in transition.coming:
        return each.old
    return leads.get(vhost(each.old)) or transition.successor(each.old)


def _has(plan: Plan, leads: Mapping[str, str], has: Ports) -> Ports:
    """The ports of each composition now; those, too, to which its other domains lead and that nobody has."""
    found = dict(has)
    everyone: frozenset[str] = frozenset().union(*has.values())
    for change in plan.changes:
        if (name := leads.get(change.path)) in found:
            found[name] |= ports_led_to(change.before) - (everyone - has[name])
    return found


def _crossed(plan: Plan, leads: Mapping[str, str]) -> Iterator[str]:
    """Compositions of which one domain shall lead to a port to which another of theirs leads now."""
    led = [change for change in plan.changes if change.path in leads]
    now: dict[tuple[str, str], set[str]] = defaultdict(set)
    for change in led:
        for port in ports_led_to(change.before):
            now[leads[change.path], port].add(change.path)
    for change in led:
        name = leads[change.path]
        if any(now[name, port] - {change.path} for port in ports_led_to(change.after)):
            yield name
