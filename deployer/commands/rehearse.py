"""deploy rehearse: do everything on a throwaway VPS first."""

from pathlib import Path

import click

from deployer.commands._options import config_option

SYSTEMS = ("debian-12", "debian-13")


@click.command(short_help="Apply and push everything to a throwaway VPS first.")
@config_option
@click.option(
    "--os",
    "system",
    type=click.Choice(SYSTEMS),
    default="debian-13",
    show_default=True,
    help="What runs on the VPS.",
)
@click.option("--keep", is_flag=True, help="Leave the VPS running, to look around.")
@click.option("--stop", is_flag=True, help="Stop the VPSs that were kept, and do nothing else.")
def command(config: Path, system: str, keep: bool, stop: bool) -> int:
    """Apply and push the whole of sites.yaml to a throwaway VPS on this Linux machine.

    It boots a fresh Debian with a certificate authority for tests, applies, pushes every site, asks for
    every page, and removes the VPS. Your server is not touched. It needs root.

    \b
    Example:
      sudo deploy rehearse
      sudo deploy rehearse --os debian-12 --keep
      sudo deploy rehearse --stop
    """
    from deployer.config.loader import load
    from deployer.rehearsal.performance import perform, stop_kept
    from deployer.report.progress import progress

    if stop:
        return stop_kept()
    loaded = load(config)
    with progress() as shown:
        return perform(loaded, system, keep, shown)
