"""A plan as a person reads it."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from deployer.planning.plan import Change, Order, Plan, Surprise
from deployer.planning.transition import Ending
from deployer.report import data, harmless, out
from deployer.report.difference import change_lines, mark
from deployer.report.figures import size
from deployer.report.grouping import FEW, crowd, short_lines
from deployer.report.summary import summary
from deployer.suggested import with_file
from deployer.values.quantities import amount
from deployer.values.secrets import Given, Inherited, Withdrawn

STYLES = {"+": "green", "-": "red", "@": "cyan", "!": "bold yellow", "~": "yellow"}
SAID = ("!", "✗", "  This is the short form")
"""How lines begin that suggest commands; no line of a file does."""
PIPED = 1000
"""So many lines of what does not go to a screen are printed whole."""
OURS = "/usr/local/lib/deploy/"
"""Scripts that are the same on every server: those that come or go whole are counted, not printed."""


def show_plan(plan: Plan, server: str, full: bool = False) -> None:
    """Print what would change on standard output: each line, or in short what no screen holds."""
    screen = out.height if out.is_terminal else PIPED
    found = plan_lines(plan, server, full, screen)
    lines = (harmless(with_file(line) if line.startswith(SAID) else line) for line in found)
    if out.is_terminal:
        from rich.console import Group
        from rich.text import Text

        *told, sentence = lines
        out.print(Group(*(Text(line, style=STYLES.get(line.lstrip()[:1], "")) for line in told)))
        out.print(sentence, soft_wrap=False)  # between its words; what may be copied is as it is
    else:
        data("\n".join(lines))


def plan_lines(plan: Plan, server: str, full: bool = False, screen: int | None = None) -> Iterator[str]:
    """The lines of a plan; in short when there are more than `screen` of them, unless it shall be full."""
    lines = [*_lines(plan, server, full)]
    if not full and screen is not None and len(lines) > screen:
        told = f"  This is the short form: the whole plan has {len(lines)} lines (deploy plan --full)."
        lines = [*_lines(plan, server, full, short=True), told]
    yield from lines
    yield summary(plan, server)


def _lines(plan: Plan, server: str, full: bool, short: bool = False) -> Iterator[str]:
    if plan.interrupted:
        yield "! The last apply was interrupted: what it changed is put back first."
    if plan.armed:
        yield (
            f"! A change of SSH or the firewall waits for a new login that proves it good; "
            f"it is undone in {plan.armed} s."
        )
    if plan.takes_most:
        off = f"{len(plan.taken_off)} of {plan.entries} sites and services off {server}"
        yield f"! takes {off}: {', '.join(plan.taken_off)}"
    for site, reason in plan.held.items():
        yield f"! {site} is left as it is: {reason}."
    yield from _installed_lines(plan)
    yield from _order_lines(plan, short)
    brief = [] if full else [change for change in plan.changes if _is_brief(change)]
    shown = [change for change in plan.changes if full or not _is_brief(change)]
    shown += plan.elsewhere
    yield from short_lines(plan, shown) if short else chain.from_iterable(map(change_lines, shown))
    for sign in "+-":
        if count := sum(mark(change) == sign for change in brief):
            yield f"{sign} {OURS} {amount(count, 'script')}, the same on every server (--full prints them)"
    if plan.manifest and not plan.changes:
        yield "~ /var/lib/deploy/manifest: takes over files that are already as they should be"
    yield from _secret_lines(plan, short)
    for name, found in plan.otherwise.items():
        yield from (f"~ containers of {name} are brought up anew: {what}" for what in found)
    yield from map(partial(_stopped_line, plan), plan.stopped)
    if plan.compositions:
        yield f"~ containers of {', '.join(plan.compositions)}: up, and back as they were if not well"
    yield from (f"  {what}" for what in plan.moves)
    yield from map(partial(_ended_line, plan), plan.ended)
    yield from _told_lines(plan)
    for renewal in plan.renewals:
        yield f"! certbot.timer renews the certificates; take this away, which does it too: {renewal}"


def _told_lines(plan: Plan) -> Iterator[str]:
    """What is otherwise on the server, what stays, and what a person should know."""
    for path, found in plan.drift.items():
        owner = plan.owners.get(path, "")
        whose = owner.rstrip(":") if owner and not owner.startswith("security.") else "firewall"
        yield from (f"~ {whose}: {what}" for what in found)
    yield from (f"+ unit {unit} enabled and running" for unit in plan.units)
    yield from (f"! {path} is no longer ours and stays: delete it by hand if you like" for path in plan.kept)
    yield from (f"✗ {what}." for what in plan.obstacles)
    yield from (f"✗ DNS: {what.rstrip('.')}." for what in plan.failures)
    yield from (f"✗ monitors: {what.rstrip('.')}." for what in plan.blind)
    yield from (
        f"! more than a third of the zone {name}: an apply wants --force for that" for name in plan.much
    )
    yield from (f"! {what}" for what in plan.pressing)
    # remarks that stay true for years are told when there is something to decide
    yield from (f"! {what}" for what in (*plan.left, *(() if plan.empty else plan.notes)))


def _installed_lines(plan: Plan) -> Iterator[str]:
    coming = [package for package in plan.packages if not package.endswith("-")]  # apt's word for "take off"
    if coming:
        yield f"+ packages {' '.join(coming)}"
    if going := [package[:-1] for package in plan.packages if package.endswith("-")]:
        yield f"- packages {' '.join(going)}"
    if plan.upgrades:
        yield f"~ packages {' '.join(plan.upgrades)}: upgraded, since the new ones need it"
    if plan.removals:
        yield f"! apt would remove {' '.join(plan.removals)} for the new packages: an apply refuses that"
    yield from (f"+ hugo {version}" for version in plan.hugo)
    yield from (f"+ {each.file.written} ({size(each.file.bytes)}) sent from here" for each in plan.sent)


def _order_lines(plan: Plan, short: bool) -> Iterator[str]:
    new = [order.name for order in plan.certificates if order.missing == order.names]
    together = {*new} if short and len(new) > FEW else set()
    if together:
        yield f"+ {amount(len(together), 'certificate')}: {crowd(together)}"
    yield from (_order_line(order) for order in plan.certificates if order.name not in together)


def _secret_lines(plan: Plan, short: bool) -> Iterator[str]:
    new = [value for value in plan.secrets if value.new]
    together = new if short and len(new) > FEW else []
    if together:
        names = {value.composition for value in together}
        yield f"+ {amount(len(together), 'value')} in .env, secrets among them, of {crowd(names)}"
    for value in plan.secrets:
        if value not in together:
            what = "value" if isinstance(value.secret, Given | Withdrawn) else "secret"
            sign = "-" if isinstance(value.secret, Withdrawn) else "+" if value.new else "~"
            is_another = isinstance(value.secret, Inherited) and not value.new
            former = "; what it was stays there as a remark" if is_another else ""
            yield f"{sign} {what} {value.name} in {value.path} ({value.secret}{former})"


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
    return f"! {name} is stopped on purpose, and stays so (deploy start {name} starts it)."


def _is_brief(change: Change) -> bool:
    whole = change.before is None or (change.after is None and change.surprise is Surprise.NONE)
    return whole and change.path.startswith(OURS)
