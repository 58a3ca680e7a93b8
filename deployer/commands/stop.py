"""deploy stop: stop what a service runs."""

from pathlib import Path

import click

from deployer.commands._containers import call
from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(short_help="Stop the containers or units of a service.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Stop the containers or units of a service. Its data stays.

    It stays stopped, also when the server starts, and is told as stopped on purpose, until `deploy start` or
    `deploy restart`, a push, a restore, or, of containers, an apply that changes its files starts it again.

    \b
    Example:
      deploy stop analytics.example.org
    """
    return call("stop", name, config)
