"""deploy logs: what a service says."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries

AIM = "services"


@click.command(short_help="Print the last lines that a service wrote.")
@click.argument("name", shell_complete=entries)
@config_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--service", help="Of this container alone, by its name in the compose file.")
@click.option("-n", "--lines", type=click.IntRange(1), default=100, show_default=True, help="How many lines.")
def command(name: str, config: Path, follow: bool, service: str | None, lines: int) -> int:
    """Print the last lines that the containers or units of a service wrote.

    \b
    Example:
      deploy logs analytics.example.org --follow
      deploy logs shop.example.org --service app
    """
    from deployer.commands.services import running
    from deployer.config.loader import load
    from deployer.report import data, words
    from deployer.tasks import server_of
    from deployer.tasks.push import call_script

    loaded = load(config)
    running(loaded, [name])
    chosen = ["--service", service] if service else []
    options = ["--lines", str(lines), *chosen, *(["--follow", "--attached"] if follow else [])]
    with server_of(loaded) as server:
        done = call_script(
            server, "logs", lambda line: data(words(line)), name, *options, attached=follow, talks=True
        )
    return 0 if done else 1
