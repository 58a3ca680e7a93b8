"""deploy stop: stop its containers."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries


@click.command(short_help="Stop the containers of a service.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Stop the containers of a service. Its data stays.

    It stays stopped, and is told as stopped on purpose, until `deploy start` or `deploy restart`, a push, a
    restore, or an apply that changes its files starts it again.

    \b
    Example:
      deploy stop analytics.example.org
    """
    from deployer.commands.services import compositions
    from deployer.config.loader import load
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script

    loaded = load(config)
    compositions(loaded, [name])
    with progress() as shown, server_of(loaded) as server:
        return 0 if call_script(server, "stop", shown.line, name, "--by", caller()) else 1
