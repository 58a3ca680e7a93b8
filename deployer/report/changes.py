"""A plan as a person reads it, and as JSON."""

import json
from collections.abc import Iterator
from functools import partial

from rich.console import Group
from rich.text import Text

from deployer.config.quantities import amount
from deployer.plan import Change, Order, Plan, Surprise
from deployer.report import data, harmless, out
from deployer.report.difference import attributes, diff
from deployer.secrets import Given
from deployer.transition import Ending

STYLES = {"+": "green", "-": "red", "@": "cyan", "!": "bold yellow", "~": "yellow"}
OURS = "/usr/local/lib/deploy/"
"""Scripts that are the same on every server: those that come or go whole are counted, not printed."""


def show_plan(plan: Plan, server: str, full: bool = False) -> None:
    """Print all that would change, line by line, on standard output."""
    lines = map(harmless, plan_lines(plan, server, full))
    if out.is_terminal:
        out.print(Group(*(Text(line, style=STYLES.get(line.lstrip()[:1], "")) for line in lines)))
    else:
        data("\n".join(lines))


def plan_lines(plan: Plan, server: str, full: bool = False) -> Iterator[str]:
    """The lines of a plan."""
    if plan.interrupted:
        yield "! The last apply was interrupted: what it changed is put back first."
    if plan.armed:
        yield (
            f"! A change of SSH or the firewall waits for a new login that proves it good; "
            f"it is undone in {plan.armed} s."
        )
    if plan.takes_most:
        off = f"{len(plan.taken_off)} of {plan.entries} sites off {server}"
        yield f"! takes {off}: {', '.join(plan.taken_off)}"
    for site, reason in plan.held.items():
        yield f"! {site} is left as it is: {reason}."
    yield from _installed_lines(plan)
    yield from map(_order_line, plan.certificates)
    brief = [] if full else [change for change in plan.changes if _is_brief(change)]
    for change in plan.changes:
        if change not in brief:
            yield from _change_lines(change)
    for mark in "+-":
        if count := sum(_mark(change) == mark for change in brief):
            yield f"{mark} {OURS} {amount(count, 'script')}, the same on every server (--full prints them)"
    if plan.manifest and not plan.changes:
        yield "~ /var/lib/deploy/manifest: takes over files that are already as they should be"
    for value in plan.secrets:
        what = "value" if isinstance(value.secret, Given) else "secret"
        yield f"{'+' if value.new else '~'} {what} {value.name} in {value.path} ({value.secret})"
    for name, found in plan.otherwise.items():
        yield from (f"~ containers of {name} are brought up anew: {what}" for what in found)
    yield from map(partial(_stopped_line, plan), plan.stopped)
    if plan.compositions:
        yield f"~ containers of {', '.join(plan.compositions)}: up, and back as they were if not well"
    yield from (f"  {what}" for what in plan.moves)
    yield from map(partial(_ended_line, plan), plan.ended)
    yield from (f"~ firewall: {what}" for found in plan.drift.values() for what in found)
    yield from (f"+ unit {unit} enabled and running" for unit in plan.units)
    yield from (f"! {path} is no longer ours and stays: delete it by hand if you like" for path in plan.kept)
    yield from (f"! {what}" for what in plan.pressing)
    # remarks that stay true for years are told when there is something to decide
    yield from (f"! {what}" for what in (*plan.left, *(() if plan.empty else plan.notes)))
    for renewal in plan.renewals:
        yield f"! certbot.timer renews the certificates; take this away, which does it too: {renewal}"
    yield summary(plan, server)


def _installed_lines(plan: Plan) -> Iterator[str]:
    if plan.packages:
        yield f"+ packages {' '.join(plan.packages)}"
    if plan.upgrades:
        yield f"~ packages {' '.join(plan.upgrades)}: upgraded, since the new ones need it"
    if plan.removals:
        yield f"! apt would remove {' '.join(plan.removals)} for the new packages: an apply refuses that"
    yield from (f"+ hugo {version}" for version in plan.hugo)


def summary(plan: Plan, server: str) -> str:
    """The plan in one sentence."""
    if plan.empty:
        held = f", but left as it is: {', '.join(plan.held)}" if plan.held else ""
        return f"Nothing to change on {server}{held}."
    counts = [
        (sum(change.before is None for change in plan.changes), "to add"),
        (sum(None not in (change.before, change.after) for change in plan.changes), "to change"),
        (sum(change.after is None for change in plan.changes), "to remove"),
        (len(plan.certificates), "to issue"),
    ]
    files = ", ".join(f"{count} {what}" for count, what in counts if count) or "no files to change"
    then = ", ".join(handler.says for handler in plan.handlers)
    return f"{server}: {files}" + (f"; then {then}." if then else ".")


def as_json(plan: Plan, server: str) -> str:
    """The plan as one JSON document."""
    return json.dumps(
        {
            "server": server,
            "empty": plan.empty,
            "packages": plan.packages,
            "upgrades": plan.upgrades,
            "removals": plan.removals,
            "hugo": plan.hugo,
            "certificates": [
                {"name": o.name, "names": o.names, "missing": o.missing} for o in plan.certificates
            ],
            "files": [_change_json(change) for change in plan.changes],
            "units": plan.units,
            "handlers": [handler.says for handler in plan.handlers],
            "interrupted": plan.interrupted,
            "taken_off": _taken_off_json(plan),
            "held": dict(plan.held),
            "kept": plan.kept,
            "renewals": plan.renewals,
            "left": plan.left,
            "notes": (*plan.pressing, *plan.notes),
            "drift": dict(plan.drift),
            "armed": plan.armed,
            "secrets": [{"path": s.path, "name": s.name, "from": str(s.secret)} for s in plan.secrets],
            "compositions": {
                "up": plan.compositions,
                "down": [each.name for each in plan.ended if not each.heir],
                "steps": [list(step.names) for step in plan.steps],
                "moves": plan.moves,
                "otherwise": dict(plan.otherwise),
                "stopped": plan.stopped,
            },
        },
        indent=2,
    )


def _taken_off_json(plan: Plan) -> dict[str, object] | None:
    off = {"names": plan.taken_off, "of": plan.entries, "most": plan.takes_most}
    return off if plan.taken_off else None


def _order_line(order: Order) -> str:
    if order.missing == order.names:
        return f"+ certificate {order.name} for {', '.join(order.names)}"
    if order.missing:
        return f"~ certificate {order.name}: add {', '.join(order.missing)}"
    if order.mends:
        return f"~ certificate {order.name}: its renewals no longer leave out names that are refused once"
    why = (
        "issued anew, so that it renews as sites.yaml says"
        if order.replaces
        else f"only for {', '.join(order.names)}"
    )
    return f"~ certificate {order.name}: {why}"


def _ended_line(plan: Plan, each: Ending) -> str:
    if each.heir:
        return f"~ containers of {each.name}: {each.heir} goes on with them"
    project = f", the Compose project {each.project}" if each.name in plan.compositions else ""
    return f"- containers of {each.name}{project}: stopped and removed; volumes stay"


def _stopped_line(plan: Plan, name: str) -> str:
    if name in plan.compositions:
        return f"! {name} was stopped on purpose: this starts it."
    return f"! {name} is stopped on purpose, and stays so (deploy restart {name} starts it)."


def _is_brief(change: Change) -> bool:
    whole = change.before is None or (change.after is None and change.surprise is Surprise.NONE)
    return whole and change.path.startswith(OURS)


def _mark(change: Change) -> str:
    return "+" if change.before is None else "-" if change.after is None else "~"


def _change_lines(change: Change) -> Iterator[str]:
    notes = [note for note in (change.surprise.value, *attributes(change)) if note]
    yield f"{_mark(change)} {change.path}" + (f" ({', '.join(notes)})" if notes else "")
    yield from (f"    {line}" for line in diff(change))


def _change_json(change: Change) -> dict[str, object]:
    action = "add" if change.before is None else "remove" if change.after is None else "change"
    return {
        "path": change.path,
        "action": action,
        "site": change.site,
        "surprise": change.surprise.name.lower() if change.surprise is not Surprise.NONE else None,
        "diff": diff(change),
    }
