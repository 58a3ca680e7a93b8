"""deploy start: start what of a service does not run."""

from pathlib import Path

import click

from deployer.commands._containers import call
from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(short_help="Start what of a service does not run.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Start the containers or units of a service that do not run, and wait until they are well.

    What `deploy stop` has stopped runs again then; what runs already goes on without a break. Images and
    settings stay: `deploy restart` starts all of it anew with these, `deploy push` takes newer ones.

    \b
    Example:
      deploy start analytics.example.org
    """
    return call("start", name, config)
