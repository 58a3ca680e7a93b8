"""deploy run: a command once, in a container of its own."""

from pathlib import Path

import click

from deployer.commands._called import Behind, call, words_argument
from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(cls=Behind, short_help="Run a command once, in a new container of what is live.")
@click.argument("name", shell_complete=entries)
@words_argument
@config_option
@click.option("--service", help="As that service of the compose file; app, for an application.")
def command(name: str, words: tuple[str, ...], config: Path, service: str | None) -> int:
    """Run a command once, in a container of its own that is gone when it ends.

    It has the image that is live, with its variables, secrets, volumes and database, and your terminal. The
    exit code is that of the command; when the connection is lost, the container goes.

    \b
    Example:
      deploy run shop.example.org -- node migrate.js --dry-run
      deploy run shop.example.org -- sh -c 'env | sort'
    """
    return call("run", name, service, words, config)
