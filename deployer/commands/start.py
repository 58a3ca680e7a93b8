"""deploy start: start its containers."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries


@click.command(short_help="Start the containers of a service that do not run.")
@click.argument("name", shell_complete=entries)
@config_option
def command(name: str, config: Path) -> int:
    """Start the containers of a service that do not run, and wait until they are well.

    What `deploy stop` has stopped runs again then; what runs already goes on without a break. Images and
    settings stay: `deploy restart` starts all of it anew with these, `deploy push` takes newer ones.

    \b
    Example:
      deploy start analytics.example.org
    """
    from deployer.commands.services import compositions
    from deployer.config.loader import load
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script

    loaded = load(config)
    compositions(loaded, [name])
    with progress() as shown, server_of(loaded) as server:
        return 0 if call_script(server, "start", shown.line, name, "--by", caller()) else 1
