"""deploy apply: make the server as sites.yaml says."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._elsewhere import monitors_of, names_of, tell_left_out
from deployer.commands._options import config_option, entries, wait_option, yes_option

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.planning.plan import Plan
    from deployer.report.progress import Progress
    from deployer.seen.observation import Observation
    from deployer.server.connection import Server
    from deployer.tasks.asking import Asking
    from deployer.tasks.converge import Convergence
    from deployer.tasks.monitors import Monitors
    from deployer.tasks.names import Names


AIM = "change"


@click.command(short_help="Make the server as sites.yaml says, as one transaction.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@yes_option
@wait_option
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option(
    "--full", is_flag=True, help="Show every line of the plan, also where that is more than a screen."
)
@click.option(
    "--take-off",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --yes: take N sites and services off, where that is most of what the server has.",
)
@click.option("--force", is_flag=True, help="Change more than a third of a DNS zone.")
def command(
    sites: tuple[str, ...],
    config: Path,
    yes: bool,
    wait: bool,
    dry_run: bool,
    full: bool,
    take_off: int | None,
    force: bool,
) -> int:
    """Make the server as sites.yaml says: show the plan, ask, and do it as one transaction.

    If a check or a reload fails, everything is put back. One broken site does not stop the others.
    Of sites and services that are named, all that is theirs is done, and what all share is written; what
    all share and is off in sites.yaml waits for an apply without names, and the plan names it.
    Where more than half of the sites that a server has would go, --yes alone is not enough.

    \b
    Example:
      deploy apply
      deploy apply www.example.org --yes
    """
    from deployer.commands._refusals import refuse_a_home
    from deployer.tasks import opening, server_of

    with opening(config, look=True) as (loaded, begun):
        from deployer.tasks.asking import Asking

        refuse_a_home(loaded)
        scope = list(loaded.select(sites)) if sites else None
        asking = Asking(loaded)
        asking.begin(begun)
        names, monitors = names_of(loaded), monitors_of(loaded)
        tell_left_out(loaded)
        from deployer.report.progress import progress

        with progress() as shown, server_of(loaded, begun) as server:
            run = convergence(server, loaded, scope, shown, wait, full, names, asking, monitors)
            return converge(run, yes, dry_run, take_off, last=True, force=force)


def convergence(
    server: "Server",
    config: "Config",
    scope: list[str] | None,
    shown: "Progress",
    wait: bool = False,
    full: bool = False,
    names: "Names | None" = None,
    asking: "Asking | None" = None,
    monitors: "Monitors | None" = None,
) -> "Convergence":
    """A run that tells the user what it does."""
    from functools import partial

    from deployer.report.changes import show_plan
    from deployer.tasks.converge import Convergence

    show = partial(show_plan, server=server.host, full=full)
    return Convergence(server, config, scope, shown.line, show, wait, names, asking, monitors)


def shielded(run: "Convergence", plan: "Plan", seen: "Observation") -> bool:
    """Whether the shields that sites.yaml asks for are on in the end."""
    if not any(site.shielded == "on" for site in run.config.sites.values()):
        return True
    from deployer.tasks.shield import turn_on_as_written

    sites = run.config.select(run.scope or ())
    return turn_on_as_written(run.server, sites, plan, seen.facts, run.line)


def converge(
    run: "Convergence",
    yes: bool,
    dry_run: bool = False,
    take_off: int | None = None,
    last: bool = False,
    force: bool = False,
) -> int:
    """Show the plan, ask unless told not to, and carry it out; the exit code. `last`: say what comes next."""
    from deployer.commands._interrupted import APPLY, telling
    from deployer.commands._next import after_apply
    from deployer.commands._refusals import refuse
    from deployer.errors import DeployError
    from deployer.report import confirm, say

    seen = run.look()
    plan = run.plan(seen)
    run.show(plan)
    if dry_run:
        return 0
    if plan.empty:
        return 1 if plan.held or plan.failures or plan.blind else 0
    refuse(plan, run.server.host, yes, take_off, force)
    off = (
        f", and take {len(plan.taken_off)} of {plan.entries} sites and services off"
        if plan.takes_most
        else ""
    )
    if not yes and not confirm(f"Apply this{off}?"):
        raise DeployError("nothing was changed")
    host, named = run.server.host, f" for {', '.join(run.scope)}" if run.scope else ""
    with telling(lambda: f"{host} {APPLY}"):
        done = run.apply(plan, seen) and shielded(run, plan, seen)
    say(
        f"{host} is as sites.yaml says{named}."
        if done
        else f"{host}: not everything could be done, see above."
    )
    if done and last:
        after_apply(run.server, run.config, plan)
    return 0 if done else 1
