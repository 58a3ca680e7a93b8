"""deploy key: the keys with which the server reads private repositories."""

from pathlib import Path

import click

from deployer.commands._options import config_option


@click.group(short_help="Show the key that reads a private repository.")
def command() -> None:
    """Keys with which the server reads private repositories.

    \b
    Example:
      deploy key show rogs.me
    """


@command.command(short_help="Print the public half of a site's key.")
@click.argument("site")
@config_option
def show(site: str, config: Path) -> None:
    """Print the public half of a site's deploy key, and make the key if there is none.

    Add it to the repository as a deploy key that may only read. The private half never leaves the server.

    \b
    Example:
      deploy key show rogs.me
    """
    from deployer.commands.push import require_repositories
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.tasks import server_of
    from deployer.tasks.push import ask_script

    loaded = load(config)
    require_repositories(loaded.select([site]))
    with server_of(loaded) as server:
        data(ask_script(server, "key", site))
