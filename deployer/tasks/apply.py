"""Change a server in one transaction, in one round trip."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime

from deployer.errors import DeployError
from deployer.files import File, Link, pack
from deployer.planning.plan import Plan, SecretChange
from deployer.planning.transition import Step
from deployer.server.connection import Server, script_command
from deployer.tasks import caller, script
from deployer.tasks.guard import proving
from deployer.tasks.sending import send
from deployer.values.secrets import Generated, Inherited, Secret, Withdrawn
from deployer.waiting import waiting

PARTLY, CHANGED_SINCE, LOCKED, INSTALLED_SOME = 73, 74, 75, 76  # exit codes of apply.sh


def transact(
    server: Server,
    plan: Plan,
    line: Callable[[str], None],
    wait: bool = False,
    values: Mapping[Secret, str] | None = None,
    earlier: bool = False,
) -> bool:
    """Make the plan's changes, and say whether all of them are live; False when one was refused.

    Raises DeployError when the server is as it was; `earlier` says that another transaction went well before.
    """
    send(server, plan.sent, line)
    apply = apply_script()
    words = [*(["wait"] if wait else []), *(["earlier"] if earlier else [])]
    command = script_command(apply, *words)
    with waiting(f"{server.host} is at work"):
        status = server.follow(command, proving(server, line), apply + parcel(plan, _who(), values or {}))
    if status == LOCKED:
        raise DeployError("another apply is running", "Run it again later, or with --wait")
    if status == CHANGED_SINCE:
        raise DeployError(
            "the server has changed since the plan was made", "Run it again to see the new plan"
        )
    if status == INSTALLED_SOME:
        raise DeployError(
            f"not all packages could be installed on {server.host}, and what apt has done stays",
            "Nothing else was changed. What apt says is above; then apply again.",
        )
    if status not in (0, PARTLY):
        raise DeployError(
            f"this step changed nothing on {server.host}; what was done before it stays"
            if earlier
            else f"nothing was changed on {server.host}"
        )
    return status == 0


def apply_script() -> bytes:
    """What is sent with each parcel: apply.sh behind its parts."""
    return script("apply.sh")


def parcel(plan: Plan, who: str, values: Mapping[Secret, str] | None = None) -> bytes:
    """The compressed tar that apply.sh reads; `values` has those of the secrets that come from here."""
    changes = [*plan.changes, *([plan.manifest] if plan.manifest else [])]
    lists = {
        "label": [who],
        "packages": plan.packages,
        "upgrades": plan.upgrades,
        "hugo": plan.hugo,
        "expect": [f"{_seen(change.before)}\t{change.path}" for change in changes],
        "remove": [change.path for change in changes if change.after is None],
        "checks": [f"{each.pattern}\t{each.who}\t{each.check}" for each in plan.handlers if each.check],
        "live": [f"{each.pattern}\t{each.live}" for each in plan.handlers if each.live and not each.guarded],
        "guarded": [handler.live for handler in plan.handlers if handler.guarded],
        "guarded-back": [handler.back or handler.live for handler in plan.handlers if handler.guarded],
        "guarded-paths": plan.guarded,
        "undo-after": [str(plan.undo_after)],
        "back": [f"{each.pattern}\t{back}" for each in plan.handlers if (back := each.back or each.live)],
        "units": plan.units,
        "watched": plan.watched,
        "owners": [f"{each}\t{owner}" for each, owner in plan.owners.items()],
        "secrets": [_secret_line(change, values or {}) for change in plan.secrets],
        "compositions": plan.compositions,
        "tried": [f"{name} {digest}" for name, digest in plan.tried.items()],
        "steps": [_step(step) for step in plan.steps],
        "leads": [f"{name} {path}" for path, name in plan.leads.items()],
        "gone": [f"{each.name} {each.project}" for each in plan.ended],
        "takeovers": [f"{each.new} {each.old} {each.what}" for each in plan.takeovers],
    }
    members = {name: File("".join(f"{text}\n" for text in lines).encode()) for name, lines in lists.items()}
    members |= {f"files{change.path}": change.after for change in changes if change.after}
    members |= {f"sources{change.path}": change.after for change in plan.sources if change.after}
    # tar's members are sorted by name: the last one proves that everything arrived
    return pack(members | {"zz-end": File(b"")})


def _step(step: Step) -> str:
    lists = [" ".join(words) for words in (step.names, step.after, step.instead_of)]
    return "|".join([*lists, "crossed"] if step.crossed else lists)


def _secret_line(change: SecretChange, values: Mapping[Secret, str]) -> str:
    if isinstance(change.secret, Withdrawn):
        return f"{change.path}\t{change.name}\tremove\t"
    if isinstance(change.secret, Inherited):
        return f"{change.path}\t{change.name}\tcopy\t{change.secret.path}"
    if isinstance(change.secret, Generated):
        return f"{change.path}\t{change.name}\tgenerate\t{change.secret.length}"
    encoded = b64encode(values[change.secret].encode()).decode()
    return f"{change.path}\t{change.name}\tvalue\t{encoded}"


def _seen(before: File | Link | None) -> str:
    match before:
        case None:
            return "absent"
        case Link(target):
            return f"link:{target}"
        case _:
            return before.digest


def _who() -> str:
    return f"{caller()}, since {datetime.now():%H:%M:%S},"
