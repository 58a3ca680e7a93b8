"""deploy backup: make backups, bring them home, read them, and show what there is of them."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option, yes_option


@click.command(short_help="Make backups, bring them home, read them, show what there is.")
@click.argument("sites", nargs=-1)
@click.option("--list", "action", flag_value="list", help="List every archive in every place.")
@click.option(
    "--report", "action", flag_value="report", help="Show copies, media, and what is elsewhere: 3-2-1."
)
@click.option("--pull", "action", flag_value="pull", help="On the home server: bring home what is new.")
@click.option("--verify", "action", flag_value="verify", help="Decrypt and read the newest archives at home.")
@click.option(
    "--install", "action", flag_value="install", help="Pull and verify by timers, on the home server."
)
@click.option("--uninstall", "action", flag_value="uninstall", help="Take these timers away.")
@config_option
@json_option
@yes_option
def command(sites: tuple[str, ...], action: str | None, config: Path, as_json: bool, yes: bool) -> int:
    """Make backups, bring them home, read them, and show what there is of them.

    Without an option, the server backs up the named sites, services and folders now, or all of them.

    \b
    Example:
      deploy backup analytics.rogs.me
      deploy backup --list
      deploy backup --pull
      deploy backup --verify rogs.me
      deploy backup --report
      deploy backup --install
    """
    from deployer.commands import _backup, _home
    from deployer.config.loader import load

    shown = {"list": _home.listing, "report": _home.report, "pull": _home.pull, "verify": _home.verify}
    changed = {"install": _home.install, "uninstall": _home.uninstall}
    if action in changed:
        return changed[action](load(config), config, as_json, yes)
    if action is None:
        return _backup.run(load(config), sites)
    return shown[action](load(config), sites, as_json)
