"""deploy stats: what visitors asked of the sites."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option

AIM = "services"


@click.command(short_help="Show how many visitors sites had, and what they asked for.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@json_option
@click.option(
    "--days",
    type=click.IntRange(1, 90),
    default=30,
    show_default=True,
    help="Of how many days, today included.",
)
def command(sites: tuple[str, ...], config: Path, as_json: bool, days: int) -> None:
    """Show how many visitors sites had, and what they asked for, from NGINX's own logs on the server.

    Visitors are told apart by address and browser, each day anew, and estimated; no address is kept. Of one
    site, each day is shown, and what came most often: pages, where visitors came from, what was not found,
    robots.

    \b
    Example:
      deploy stats
      deploy stats www.example.org --days 7
    """
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.report import data
    from deployer.report.stats import show_traffic, traffic_json
    from deployer.tasks import server_of
    from deployer.tasks.stats import stats

    loaded = load(config)
    chosen = loaded.select(sites) if sites else loaded.sites
    if not chosen:
        raise UsageError("there are no sites in sites.yaml", loaded.advice())
    with server_of(loaded) as server:
        found = stats(server, list(chosen), days)
    if as_json:
        data(traffic_json(found))
    else:
        show_traffic(found, days)
