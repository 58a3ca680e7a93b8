"""deploy shield: Cloudflare before a site, and nobody else let in; or not any more."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, named

if TYPE_CHECKING:
    from deployer.config.model import Config

AIM = "safety"


@click.command(short_help="Put Cloudflare before a site that is attacked, or not.")
@click.argument("site", shell_complete=named("sites"))
@click.argument("state", type=click.Choice(["on", "off"]))
@config_option
@click.option("--under-attack", is_flag=True, help="Also have Cloudflare question each visitor of the zone.")
def command(site: str, state: str, config: Path, under_attack: bool) -> int:
    """Put Cloudflare before a site that is attacked, or take it away again: some seconds, one switch.

    On: its certificate is looked after, its records are proxied, NGINX lets nobody but Cloudflare in and
    sees each visitor's own address, and all of that is looked at. If it does not hold, it is undone. Off
    puts back what was there. What was cut off half-way is ended by either.

    \b
    Example:
      deploy shield forum.example.org on
      deploy shield forum.example.org on --under-attack
      deploy shield forum.example.org off
    """
    from deployer.commands._interrupted import telling
    from deployer.errors import UsageError
    from deployer.report.progress import progress
    from deployer.tasks import opening, server_of

    if under_attack and state == "off":
        raise UsageError("--under-attack goes with on", "off puts the zone's level back by itself")
    with opening(config) as (loaded, begun):
        from deployer.report import next_step, say
        from deployer.tasks.shield import Switch

        refuse(loaded, site)
        switch = Switch(loaded, site, state == "on", under_attack)
        with progress() as shown, server_of(loaded, begun) as server:
            turn = switch.turn_on if state == "on" else switch.turn_off
            half = f"{site}: its shield may be half turned. deploy shield {site} on ends it, or off"
            with telling(lambda: half):
                done = turn(server, shown.line)
        written = loaded.sites[site].shielded
        if done and written in ("on", "off") and written != state:
            say(f"! {config} still says shield: {written}: the next apply turns it {written} again")
        elif done and state == "on" and not written:
            next_step(f"write it down in {config}, below {site}, for it to stay so: shield: on")
    return 0 if done else 1


def refuse(config: "Config", name: str) -> None:
    """Raise UsageError for what Cloudflare cannot stand before."""
    from deployer.commands._elsewhere import left_out
    from deployer.config.shield_checks import why_not
    from deployer.errors import UsageError

    config.select([name])
    if words := left_out(config, "dns"):
        raise UsageError(words, "Use the sites.yaml of the real server.")
    if name not in config.sites:
        raise UsageError(f"{name} is no site: only what is asked for over HTTPS can be shielded")
    if why := why_not(config, name):
        raise UsageError(why, "What a shield needs: deploy docs shield")
