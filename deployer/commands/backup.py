"""deploy backup: make backups, bring them home, read them, and show what there is of them."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option, saved, yes_option

AIM = "backups"


@click.command(short_help="Make backups, bring them home, read them, show what there is.")
@click.argument("sites", nargs=-1, shell_complete=saved)
@click.option("--list", is_flag=True, help="List every archive in every place.")
@click.option("--report", is_flag=True, help="Show copies, media, and what is elsewhere: 3-2-1.")
@click.option("--pull", is_flag=True, help="On the home server: bring home what is new.")
@click.option("--verify", is_flag=True, help="Decrypt and read the newest archives at home.")
@click.option("--init", is_flag=True, help="On the home server: mark the folder as the one for backups.")
@click.option("--install", is_flag=True, help="Pull and verify by timers, on the home server.")
@click.option("--uninstall", is_flag=True, help="Take these timers away.")
@config_option
@json_option
@yes_option
def command(sites: tuple[str, ...], config: Path, as_json: bool, yes: bool, **actions: bool) -> int:
    """Make backups, bring them home, read them, and show what there is of them.

    Each switch is a thing of its own, and they do not go together. Without one, the server backs up the named
    sites, services and folders now, or all of them. Those for the home server are for the machine that keeps
    the archives.

    \b
    Example:
      deploy backup analytics.example.org   make an archive of it now
      deploy backup --list                  what archives there are, and where
      deploy backup --report                how each name is protected: 3-2-1
      deploy backup --init                  at home, once: mark the folder
      deploy backup --pull                  at home: bring what is new
      deploy backup --verify                at home: decrypt and read the newest
      deploy backup --install               at home: do both by timers
    """
    from deployer.commands import _backup, _home
    from deployer.config.loader import load
    from deployer.errors import UsageError

    chosen = [name for name, wanted in actions.items() if wanted]
    if len(chosen) > 1:
        told = " and ".join(f"--{name}" for name in chosen)
        raise UsageError(f"{told} do not go together", "Run one after the other")
    action = chosen[0] if chosen else None
    shown = {"list": _home.listing, "report": _home.report, "pull": _home.pull, "verify": _home.verify}
    if action == "init":
        return _home.begin(load(config))
    changed = {"install": _home.install, "uninstall": _home.uninstall}
    if action in changed:
        return changed[action](load(config), config, as_json, yes)
    if action is None:
        return _backup.run(load(config), sites)
    return shown[action](load(config), sites, as_json)
