"""deploy exec: a command where a service runs."""

from pathlib import Path

import click

from deployer.commands._called import Behind, call, words_argument
from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(cls=Behind, short_help="Run a command in a container of a service, as ssh would.")
@click.argument("name", shell_complete=entries)
@words_argument
@config_option
@click.option("--service", help="The container, by its name in the compose file.")
def command(name: str, words: tuple[str, ...], config: Path, service: str | None) -> int:
    """Run a command where a service runs: in its container, with your terminal.

    A site on PHP-FPM or a Gitea has no container: there it runs on the server, as the Unix user of that site.
    Its words get there as they are, for no shell reads them. The exit code is that of the command; when the
    connection is lost, the command ends.

    \b
    Example:
      deploy exec app.example.org -- sh
      deploy exec app.example.org --service db -- psql -U app
      deploy exec analytics.example.org -- env > variables.txt
    """
    return call("exec", name, service, words, config)
