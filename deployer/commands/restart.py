"""deploy restart: start its containers anew."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries


@click.command(short_help="Start the containers of a service anew, and wait until they are well.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Start the containers of a service anew, and wait until they are well.

    Images and settings stay as they are, also where sites.yaml has others: `deploy push` takes those. What
    `deploy stop` has stopped runs again then.

    \b
    Example:
      deploy restart analytics.example.org
    """
    from deployer.commands.services import compositions
    from deployer.config.loader import load
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script

    loaded = load(config)
    compositions(loaded, [name])
    with progress() as shown, server_of(loaded) as server:
        return 0 if call_script(server, "restart", shown.line, name, "--by", caller()) else 1
