"""deploy backup: bring the backups home, read them, and show what there is of them."""

from collections.abc import Callable
from pathlib import Path

import click

from deployer.commands._options import config_option, json_option, yes_option


@click.command(short_help="Bring backups home, read them, show what there is of them.")
@click.argument("sites", nargs=-1)
@click.option("--pull", "action", flag_value="pull", help="On the home server: bring home what is new.")
@click.option("--verify", "action", flag_value="verify", help="Decrypt and read the newest archives at home.")
@config_option
@json_option
@yes_option
def command(sites: tuple[str, ...], action: str | None, config: Path, as_json: bool, yes: bool) -> int:
    """Bring backups home, read them, and show what there is of them.

    \b
    Example:
      deploy backup --pull
      deploy backup --verify rogs.me
    """
    from deployer.commands import _home
    from deployer.config.loader import load
    from deployer.errors import UsageError

    actions: dict[str, Callable[..., int]] = {"pull": _home.pull, "verify": _home.verify}
    if action is None:
        raise UsageError("say what to do", "deploy backup --help")
    return actions[action](load(config), sites, as_json)
