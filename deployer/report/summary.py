"""A plan in one sentence."""

from collections.abc import Collection

from deployer.planning.plan import Change, Plan
from deployer.report.grouping import sites_of
from deployer.values.quantities import amount
from deployer.values.secrets import Withdrawn


def summary(plan: Plan, server: str) -> str:
    """The plan in one sentence."""
    if plan.empty:
        held = f", but left as it is: {', '.join(plan.held)}" if plan.held else ""
        return f"Nothing to change on {server}{held}."
    sites = sites_of(plan)
    every = [
        _counts("site", len(sites.added), len(sites.changed), len(sites.removed)),
        _changes("file", plan.changes) or ("" if plan.records or plan.monitors else "no files to change"),
    ]
    if plan.records:
        every.append(_changes("DNS record", [each.change for each in plan.records]))
    if plan.monitors:
        every.append(_changes("monitor", [each.change for each in plan.monitors]))
    files = "; ".join(filter(None, every))
    if plan.certificates:
        files += f", {amount(len(plan.certificates), 'certificate')} to issue"
    withdrawn = sum(isinstance(each.secret, Withdrawn) for each in plan.secrets)
    if written := len(plan.secrets) - withdrawn:
        files += f", {amount(written, 'value')} to write"
    if withdrawn:
        files += f", {amount(withdrawn, 'value')} to take out"
    then = ", ".join(handler.says for handler in plan.handlers)
    return f"{server}: {files}" + (f"; then {then}." if then else ".")


def _changes(unit: str, changes: Collection[Change]) -> str:
    return _counts(
        unit,
        sum(change.before is None for change in changes),
        sum(None not in (change.before, change.after) for change in changes),
        sum(change.after is None for change in changes),
    )


def _counts(unit: str, added: int, changed: int, removed: int) -> str:
    """How many come, change and go; what is counted is named once."""
    found = [(added, "to add"), (changed, "to change"), (removed, "to remove")]
    first, *others = [each for each in found if each[0]] or [(0, "")]
    head = f"{amount(first[0], unit)} {first[1]}" if first[0] else ""
    return ", ".join([head, *(f"{count} {what}" for count, what in others)])
