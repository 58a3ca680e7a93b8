"""A long plan in short: many sites in one line, and what is the same in many of them once; pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from deployer.planning.plan import Change, Plan, Surprise
from deployer.report.difference import attributes, change_lines, diff, mark
from deployer.values.quantities import amount

FEW = 3
"""So many new sites, or lines of a new file, are shown whole."""
NAMED = 8
OWN = ("/etc/nginx/conf.d/{}.conf", "/etc/deploy/sites/{}.conf")
"""The files of a site or service one of which comes with it."""


@dataclass(frozen=True, slots=True)
class Sites:
    """The names of the sites and services that come, that go, and of which something changes."""

    added: Collection[str]
    changed: Collection[str]
    removed: Collection[str]


def sites_of(plan: Plan) -> Sites:
    """What the plan does to whom."""
    own: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        if change.site:
            own[change.site].append(change)
    added = [name for name, changes in own.items() if _is_new(name, changes)]
    changed = {*own, *plan.compositions, *(each.composition for each in plan.secrets if each.composition)}
    return Sites(added, changed - {*added, *plan.taken_off}, plan.taken_off)


def _is_new(name: str, changes: list[Change]) -> bool:
    main = {path.format(name) for path in OWN}
    return all(map(_is_plain_addition, changes)) and any(change.path in main for change in changes)


def _is_plain_addition(change: Change) -> bool:
    return change.before is None and change.surprise is Surprise.NONE


def crowd(names: Collection[str], most: int = NAMED) -> str:
    """The first of the names, and how many more there are."""
    first = ", ".join(sorted(names)[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"


def short_lines(plan: Plan, changes: Collection[Change]) -> Iterator[str]:
    """The lines of these changes, in which new sites, those that go, and the same change of many are one."""
    sites = sites_of(plan)
    added = {*sites.added} if len(sites.added) > FEW else set()
    groups: dict[object, list[Change]] = defaultdict(list)
    for change in changes:
        groups[_group(change, added, {*sites.removed})].append(change)
    for key, members in groups.items():
        if key == "added":
            yield f"+ {_count(added, members)}: {crowd(added)}"
        elif key == "removed":
            yield f"- {_count(sites.removed, members)}: {', '.join(sites.removed)}"
        else:
            yield from _short_change(members[0])
            if others := [member.site or "" for member in members[1:]]:
                yield f"    the same in {len(others)} more: {crowd(others)}"


def _count(names: Collection[str], members: Collection[Change]) -> str:
    return f"{amount(len(names), 'site')} with {amount(len(members), 'file')}"


def _group(change: Change, added: Collection[str], removed: Collection[str]) -> object:
    """What is equal for changes that are told together."""
    if change.site in added:
        return "added"
    if change.after is None and change.surprise is Surprise.NONE and _is_of(change.path, removed):
        return "removed"
    if change.site and change.before and change.after and change.surprise is Surprise.NONE:
        lines = (*attributes(change), *(line for line in diff(change) if line[:1] in ("+", "-")))
        return tuple(text.replace(change.site, "\0") for text in (change.path, *lines))
    return change.path


def _is_of(path: str, names: Collection[str]) -> bool:
    return any(part.removesuffix(".conf").removeprefix("deploy-") in names for part in path.split("/"))


def _short_change(change: Change) -> Iterator[str]:
    """A file that comes or goes whole in one line, for one that no site has is the same everywhere."""
    head, *lines = change_lines(change)
    whole = change.before is None or change.after is None
    if change.site or not whole or change.surprise is not Surprise.NONE or len(lines) <= FEW:
        yield from (head, *lines)
        return
    notes = [*attributes(change), amount(len(lines), "line")]
    yield f"{mark(change)} {change.path} ({', '.join(notes)})"
