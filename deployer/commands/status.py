"""deploy status: how the server and its sites are."""

from dataclasses import replace
from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option

AIM = "change"


@click.command(short_help="Show how the server and its sites are.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@json_option
def command(sites: tuple[str, ...], config: Path, as_json: bool) -> int:
    """Show how the server and its sites are, in one round trip.

    Each page is asked for through NGINX on the server, and Docker for containers: one that crashes again
    and again, is unhealthy, has stopped, is paused or gone is told. The exit code is 1 when a site or a
    container is not well.

    \b
    Example:
      deploy status
      deploy status --json | jq '.sites[] | select(.fine | not)'
    """
    from deployer.tasks import opening, server_of

    with opening(config) as (loaded, begun):
        chosen = loaded.select(sites)
        begun.begin("status.sh")
        from deployer.report import data
        from deployer.report.health import as_json as health_as_json
        from deployer.report.health import show_health
        from deployer.tasks.status import status

        with server_of(loaded, begun) as server:
            health = status(server, {name: site for name, site in loaded.sites.items() if name in chosen})
    # what was never up and has left sites.yaml is nowhere
    not_up = {name: what for name, what in health.not_up.items() if name in chosen}
    health = replace(health, not_up=not_up)
    if sites:
        backups = tuple(each for each in health.backups if each.name in chosen)
        unwell = {name: why for name, why in health.unwell.items() if name in chosen}
        stopped = {name: by for name, by in health.stopped.items() if name in chosen}
        failed = {name: what for name, what in health.failed.items() if name in chosen}
        health = replace(health, backups=backups, unwell=unwell, stopped=stopped, failed=failed)
    if as_json:
        data(health_as_json(health, server.host))
    else:
        show_health(health, server.host)
    return 0 if health.fine else 1
