"""deploy releases: which releases of a site are on the server."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option

AIM = "publish"


@click.command(short_help="List the releases of a site, newest first.")
@click.argument("site", shell_complete=entries)
@config_option
@json_option
def command(site: str, config: Path, as_json: bool) -> None:
    """List the releases of a site that can be rolled back to, newest first.

    \b
    Example:
      deploy releases www.example.org
    """
    from deployer.commands.push import require_pushed
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.tasks import server_of
    from deployer.tasks.push import ask_script

    loaded = load(config)
    require_pushed(loaded.select([site]), "it has no releases")
    with server_of(loaded) as server:
        data(ask_script(server, "releases", site, *(["--json"] if as_json else [])))
