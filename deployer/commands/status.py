"""deploy status: how the server and its sites are."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries, json_option, sites_alone

if TYPE_CHECKING:
    from deployer.seen.health import Health

AIM = "change"


@click.command(short_help="Show how the server and its sites are.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@json_option
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one page of the last 90 days to this file.",
)
@click.option(
    "--publish",
    metavar="SITE",
    shell_complete=sites_alone,
    help="Make the page of this site of `kind: status` anew, now.",
)
def command(sites: tuple[str, ...], config: Path, as_json: bool, html: Path | None, publish: str) -> int:
    """Show how the server and its sites are, in one round trip.

    Each page is asked for through NGINX on the server, and Docker for containers: one that crashes again
    and again, is unhealthy, has stopped, is paused or gone is told. The exit code is 1 when a site or a
    container is not well.

    With `--html`, the server makes one page instead, which needs nothing else: which of the last 90 days
    each site was up, how fast it answered, its visitors, incidents, backups, room. A site of `kind: status`
    shows it to everybody, made anew every five minutes.

    \b
    Example:
      deploy status
      deploy status --json | jq '.sites[] | select(.fine | not)'
      deploy status --html status.html
      deploy status --publish status.example.org
    """
    if html or publish:
        from deployer.commands._page import make_page

        return make_page(config, sites, html, publish, as_json)
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
    health = _of(health, chosen, every=not sites)
    if as_json:
        data(health_as_json(health, server.host))
    else:
        show_health(health, server.host)
    return 0 if health.fine else 1


def _of(health: "Health", chosen: Collection[str], every: bool) -> "Health":
    """What is told of these; what was never up and has left sites.yaml is nowhere."""
    not_up = {name: what for name, what in health.not_up.items() if name in chosen}
    if every:
        return replace(health, not_up=not_up)
    return replace(
        health,
        not_up=not_up,
        backups=tuple(each for each in health.backups if each.name in chosen),
        unwell={name: why for name, why in health.unwell.items() if name in chosen},
        stopped={name: by for name, by in health.stopped.items() if name in chosen},
        closed={name: since for name, since in health.closed.items() if name in chosen},
        failed={name: what for name, what in health.failed.items() if name in chosen},
        waits={name: command for name, command in health.waits.items() if name in chosen},
    )
