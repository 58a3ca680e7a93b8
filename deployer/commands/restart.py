"""deploy restart: start a service anew."""

from pathlib import Path

import click

from deployer.commands._containers import call
from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(short_help="Start a service anew, and wait until it is well.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Start the containers or units of a service anew, and wait until they are well.

    Images and settings stay as they are, also where sites.yaml has others: `deploy push` takes those. What
    `deploy stop` has stopped runs again then.

    \b
    Example:
      deploy restart analytics.example.org
    """
    return call("restart", name, config)
