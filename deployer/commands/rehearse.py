"""deploy rehearse: do everything on a throwaway VPS first."""

from pathlib import Path

import click

from deployer.commands._options import config_option
from deployer.seen.releases import BOOTABLE, USUAL, named

AIM = "change"


@click.command(short_help="Apply and push everything to a throwaway VPS first.")
@config_option
@click.option(
    "--os",
    "system",
    type=click.Choice(list(BOOTABLE)),
    default=named(*USUAL),
    show_default=True,
    help="What runs on the VPS.",
)
@click.option("--keep", is_flag=True, help="Leave the VPS running, and write a sites.yaml for it.")
@click.option("--empty", is_flag=True, help="Leave a VPS running on which nothing was done, to begin there.")
@click.option(
    "--stop",
    is_flag=False,
    flag_value="all",
    metavar="[NAME]",
    help="Stop the VPS of that name, or all that were kept, and do nothing else.",
)
def command(config: Path, system: str, keep: bool, empty: bool, stop: str | None) -> int:
    """Apply and push the whole of sites.yaml to a throwaway VPS on this Linux machine.

    It boots a fresh Debian with a certificate authority for tests, applies, pushes every site, asks for
    every page, and removes the VPS. Your server is not touched. It needs root: who is root already runs
    deploy rehearse; sudo alone may not find a deploy that is installed for one user.

    \b
    Example:
      sudo "$(command -v deploy)" rehearse
      sudo "$(command -v deploy)" rehearse --os debian-12 --keep
      sudo "$(command -v deploy)" rehearse --empty
      sudo "$(command -v deploy)" rehearse --stop
      sudo "$(command -v deploy)" rehearse --stop vps-2
    """
    from deployer.config.loader import load
    from deployer.rehearsal.performance import perform, prepare, stop_kept
    from deployer.rehearsal.requirements import require_root
    from deployer.report.progress import progress

    if stop:
        require_root()
        return stop_kept(stop)
    loaded = load(config) if config.exists() or not empty else None
    with progress() as shown:
        if loaded is None or empty:
            return prepare(loaded, config, system, shown)
        return perform(loaded, config, system, keep, shown)
