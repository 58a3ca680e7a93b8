"""deploy apply: make the server as sites.yaml says."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries, wait_option, yes_option

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.planning.plan import Plan
    from deployer.report.progress import Progress
    from deployer.server.connection import Server
    from deployer.tasks.converge import Convergence


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
def command(
    sites: tuple[str, ...],
    config: Path,
    yes: bool,
    wait: bool,
    dry_run: bool,
    full: bool,
    take_off: int | None,
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
    from deployer.tasks import opening, server_of

    with opening(config, look=True) as (loaded, begun):
        from deployer.parts import questions
        from deployer.tasks.observe import batch

        refuse_a_home(loaded)
        scope = list(loaded.select(sites)) if sites else None
        begun.go_on(batch(questions(loaded)))
        from deployer.report.progress import progress

        with progress() as shown, server_of(loaded, begun) as server:
            run = convergence(server, loaded, scope, shown, wait, full)
            return converge(run, yes, dry_run, take_off, last=True)


def refuse_a_home(config: "Config") -> None:
    """Raise UsageError for a sites.yaml that only says where backups come home: it would empty the server."""
    from deployer.errors import UsageError

    if config.home and not (config.sites or config.services or config.backups or config.keys):
        raise UsageError(
            "this sites.yaml has nothing for a server: it looks like that of a home server",
            "Run this where the sites.yaml with the sites is. This one serves: deploy backup --pull",
        )


def convergence(
    server: "Server",
    config: "Config",
    scope: list[str] | None,
    shown: "Progress",
    wait: bool = False,
    full: bool = False,
) -> "Convergence":
    """A run that tells the user what it does."""
    from functools import partial

    from deployer.report.changes import show_plan
    from deployer.tasks.converge import Convergence

    show = partial(show_plan, server=server.host, full=full)
    return Convergence(server, config, scope, shown.line, show, wait)


def refuse_to_empty(plan: "Plan", host: str, yes: bool, take_off: int | None) -> None:
    """Raise UsageError when nobody is asked and nobody said that most of what the server has shall go."""
    from deployer.errors import UsageError

    count = len(plan.taken_off)
    if plan.takes_most and yes and take_off != count:
        raise UsageError(
            f"nothing was changed: this takes {count} of {plan.entries} sites and services off {host}",
            f"Is this the sites.yaml of that server? If it is right: deploy apply --yes --take-off {count}",
        )


def refuse_obstacles(plan: "Plan", host: str) -> None:
    """Raise DeployError when something of the server has to be mended first; the plan has told what."""
    from deployer.errors import DeployError

    if plan.obstacles:
        raise DeployError(f"nothing was changed on {host}: mend what is marked with ✗ above")


def refuse_to_remove(plan: "Plan", host: str) -> None:
    """Raise DeployError when apt would remove packages for those that are missing."""
    from deployer.errors import DeployError

    if plan.removals:
        raise DeployError(
            f"nothing was changed: apt would remove {', '.join(plan.removals)} from {host}",
            f"To have it so, run there: apt-get install --no-install-recommends {' '.join(plan.packages)}\n"
            "If the sources of packages are of another release, take them back, or upgrade the server first.",
        )


def refuse_to_meet_another(plan: "Plan", host: str) -> None:
    """Raise DeployError when another program has the ports that NGINX needs."""
    from deployer.errors import DeployError

    if plan.occupied:
        raise DeployError(
            f"nothing was changed on {host}: {'; '.join(plan.occupied)}",
            "Let it listen elsewhere, or stop it for good on the server (systemctl disable --now UNIT; of a "
            "container, docker ps --filter publish=80 tells which). Then apply again.",
        )


def converge(
    run: "Convergence", yes: bool, dry_run: bool = False, take_off: int | None = None, last: bool = False
) -> int:
    """Show the plan, ask unless told not to, and carry it out; the exit code. `last`: say what comes next."""
    from deployer.commands._next import after_apply
    from deployer.errors import DeployError
    from deployer.report import confirm, say

    seen = run.look()
    plan = run.plan(seen)
    run.show(plan)
    if dry_run:
        return 0
    if plan.empty:
        return 1 if plan.held else 0
    refuse_obstacles(plan, run.server.host)
    refuse_to_remove(plan, run.server.host)
    refuse_to_meet_another(plan, run.server.host)
    refuse_to_empty(plan, run.server.host, yes, take_off)
    off = (
        f", and take {len(plan.taken_off)} of {plan.entries} sites and services off"
        if plan.takes_most
        else ""
    )
    if not yes and not confirm(f"Apply this{off}?"):
        raise DeployError("nothing was changed")
    done = run.apply(plan, seen)
    host, named = run.server.host, f" for {', '.join(run.scope)}" if run.scope else ""
    say(
        f"{host} is as sites.yaml says{named}."
        if done
        else f"{host}: not everything could be done, see above."
    )
    if done and last:
        after_apply(run.server, run.config, plan)
    return 0 if done else 1
