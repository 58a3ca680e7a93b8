"""A plan as one JSON document."""

import json

from deployer.planning.plan import Change, Plan, Surprise
from deployer.report.difference import diff


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
            "sent": [{"file": s.file.written, "bytes": s.file.bytes, "sha256": s.digest} for s in plan.sent],
            "certificates": [
                {"name": o.name, "names": o.names, "missing": o.missing} for o in plan.certificates
            ],
            "files": [_change_json(change) for change in (*plan.changes, *plan.elsewhere)],
            "dns": {"failures": plan.failures, "force": plan.much},
            "monitors": {"failures": plan.blind},
            "units": plan.units,
            "handlers": [handler.says for handler in plan.handlers],
            "interrupted": plan.interrupted,
            "taken_off": _taken_off_json(plan),
            "held": dict(plan.held),
            "kept": plan.kept,
            "renewals": plan.renewals,
            "left": plan.left,
            "notes": (*plan.obstacles, *plan.pressing, *plan.notes),
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


def _change_json(change: Change) -> dict[str, object]:
    action = "add" if change.before is None else "remove" if change.after is None else "change"
    return {
        "path": change.path,
        "action": action,
        "site": change.site,
        "surprise": change.surprise.name.lower() if change.surprise is not Surprise.NONE else None,
        "diff": diff(change),
    }
