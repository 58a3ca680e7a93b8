"""What is looked at after an apply: the next plan, the next apply, `status`."""

import json

from vps.walk.entries import NOBODY
from vps.walk.seen import Seen
from vps.walk.walk import Fault, Walk

NOTHING = "Nothing to change on "
"""What an empty plan says."""


def next_plan(walk: Walk, names: tuple[str, ...]) -> dict[str, object]:
    """What another apply would do; its exit code says whether that is nothing."""
    done = walk.deploy("plan", *names, "--json")
    if done.returncode not in (0, 4):
        raise Fault("a_plan_is_made", f"exit {done.returncode}", done.stdout, done.stderr)
    plan: dict[str, object] = json.loads(done.stdout)
    if plan["empty"] != (done.returncode == 0):
        raise Fault("exit_codes_are_as_documented", f"plan: exit {done.returncode}", done.stdout)
    return plan


def nothing_is_left(walk: Walk, names: tuple[str, ...], now: Seen) -> None:
    """After an apply that went well the next plan is empty; each second time another apply says so, and does nothing."""
    walk.applied += 1
    if walk.applied % 2:
        plan = next_plan(walk, names)
        if not plan["empty"]:
            left = {key: value for key, value in plan.items() if value}
            raise Fault("the_next_plan_is_empty", json.dumps(left, indent=1))
        return
    done = walk.deploy("apply", *names, "--yes")
    after = walk.look()
    if done.returncode or NOTHING not in done.stdout + done.stderr or after != now:
        words = (f"exit {done.returncode}", *sorted(after.changed(now)), done.stdout, done.stderr)
        raise Fault("the_next_apply_does_nothing", *words)


def something_is_left(walk: Walk, names: tuple[str, ...], said: str) -> None:
    """What an apply has refused is in the next plan."""
    plan = next_plan(walk, names)
    if plan["empty"] and not plan["held"]:
        raise Fault("what_is_refused_is_in_the_next_plan", json.dumps(plan), said)


def status(walk: Walk, unknown: set[str]) -> None:
    """What `status` says agrees with the model."""
    done = walk.deploy("status", "--json")
    if done.returncode not in (0, 1):
        raise Fault(
            "exit_codes_are_as_documented", f"status: exit {done.returncode}", done.stdout, done.stderr
        )
    told = json.loads(done.stdout)
    fine = {site["domain"]: site["fine"] for site in told["sites"]}
    for name, entry in walk.live.entries.items():
        if name in unknown or walk.wanted.get(name) != entry:
            continue
        if "." in name and fine.get(name) != (expected := entry.answer(name, walk.live) not in NOBODY):
            raise Fault("status_agrees", f"{name}: fine is {fine.get(name)}, and not {expected}", done.stdout)
        if (name in told["stopped"]) != (name in walk.live.stopped):
            raise Fault("status_agrees", f"{name}: whether it is stopped on purpose", done.stdout)
        if name in told["unwell"]:
            raise Fault("status_agrees", f"{name}: {told['unwell'][name]}", done.stdout)
