"""Applications that a rollback has brought back with what they were configured with then; pure.

A rollback is a brake. So an apply that does not name the application leaves it as it is, and a push goes on
with what sites.yaml says.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from deployer.files import File, Link
from deployer.planning.desired import Desired
from deployer.planning.plan import Change, Plan, Surprise
from deployer.seen.observation import Observation

_FIRST_LINE = re.compile(rb"# Rolled back to ([0-9-]+),")
"""As lib/composition/configuration on the server writes it."""


def release_of(file: File | Link | None) -> str:
    """The release whose configuration a compose file is, if a rollback has laid it; else empty."""
    found = _FIRST_LINE.match(file.content) if isinstance(file, File) else None
    return found[1].decode() if found else ""


def resting(desired: Desired, seen: Observation, scope: Collection[str] | None) -> dict[str, str]:
    """Those that stay with the configuration of then, with the reason and what to do."""
    if scope is not None:
        return {}
    found = {
        name: release_of(seen.files.get(f"{standing.folder}/docker-compose.yml"))
        for name, standing in desired.standings.items()
    }
    return {
        name: f"it is rolled back to {release}, with the configuration of then. deploy push {name} goes on "
        f"with the newest, as sites.yaml says; deploy apply {name} brings what that says to the image of then"
        for name, release in found.items()
        if release
    }


def with_rolled_back(plan: Plan) -> Plan:
    """The plan that says what of it ends the configuration of then, and on which image."""
    ending = {change.path: release for change in plan.changes if (release := release_of(change.before))}
    notes = (
        f"{change.site} is rolled back to {ending[change.path]}, and keeps the image of then, which may "
        f"never have run as sites.yaml says now: deploy push {change.site} takes the newest"
        for change in plan.changes
        if change.site and change.path in ending
    )
    changes = (
        replace(change, surprise=Surprise.ROLLED_BACK) if change.path in ending else change
        for change in plan.changes
    )
    return replace(plan, notes=(*notes, *plan.notes), changes=tuple(changes)) if ending else plan


def wants_apply(name: str, plan: Plan, seen: Observation) -> bool:
    """Whether a file is to change before a push: what apply wrote last, a push lays again by itself."""
    return any(change.site == name and not _comes_by_push(change, seen) for change in plan.changes)


def _comes_by_push(change: Change, seen: Observation) -> bool:
    as_written = change.after is not None and change.after.digest == seen.written.get(change.path)
    return as_written and bool(release_of(change.before))
