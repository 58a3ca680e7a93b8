"""deploy plan: what would change."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option
from deployer.errors import CHANGES_WAIT

AIM = "change"


@click.command(short_help="Show each line that would change on the server.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@json_option
@click.option("--full", is_flag=True, help="Print every line, also of what is the same on every server.")
def command(sites: tuple[str, ...], config: Path, as_json: bool, full: bool) -> int:
    """Show each line that would change on the server, and change nothing.

    Packages, files as diffs, certificates, and what would be reloaded; of all sites, or of those named.
    What no screen holds is shown in short: new sites by their names, the same change of many once.
    The exit code is 0 when there is nothing to do, and 4 when changes wait.

    \b
    Example:
      deploy plan
      deploy plan www.example.org
      deploy plan --full | less
      deploy plan --json | jq .files
    """
    from deployer.tasks import opening, server_of

    with opening(config, look=True) as (loaded, begun):
        from deployer.commands._elsewhere import monitors_of, names_of, tell_left_out
        from deployer.commands._next import after_plan
        from deployer.commands._refusals import refuse_a_home
        from deployer.commands.apply import convergence
        from deployer.tasks.asking import Asking

        refuse_a_home(loaded)
        scope = list(loaded.select(sites)) if sites else None
        asking = Asking(loaded)
        asking.begin(begun)
        names, monitors = names_of(loaded), monitors_of(loaded)
        tell_left_out(loaded)
        from deployer.report import data
        from deployer.report.changes import show_plan
        from deployer.report.plan_document import as_json as plan_as_json
        from deployer.report.progress import progress

        with progress() as shown, shown.doing("looking at the server"), server_of(loaded, begun) as server:
            run = convergence(server, loaded, scope, shown, names=names, asking=asking, monitors=monitors)
            plan = run.plan(run.look())
    if as_json:
        data(plan_as_json(plan, server.host))
    else:
        show_plan(plan, server.host, full)
        after_plan(plan, sites)
    if plan.empty:
        return 1 if plan.failures or plan.blind else 0
    return CHANGES_WAIT
