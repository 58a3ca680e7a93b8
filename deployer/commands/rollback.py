"""deploy rollback: make an earlier release live again."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries

AIM = "publish"


@click.command(short_help="Make an earlier release of a site live again.")
@click.argument("site", shell_complete=entries)
@config_option
@click.option("--to", "release", default="", help="A release, as `deploy releases` names it.")
def command(site: str, config: Path, release: str) -> int:
    """Make the release before the live one live again, or the one named.

    Of an application, what it was configured with goes back along with its image; its secrets are those of
    now. Of another service in containers, its images go back; its files stay as sites.yaml has them.

    \b
    Example:
      deploy rollback www.example.org
      deploy rollback www.example.org --to 20261121-024159-3f2a1c9
    """
    from deployer.commands._interrupted import going_on
    from deployer.commands.push import require_pushed
    from deployer.config.loader import load
    from deployer.errors import DeployError
    from deployer.report import next_step
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import Pushed, rollback

    loaded = load(config)
    require_pushed(loaded.select([site]), "it has no releases")
    with (
        progress() as shown,
        server_of(loaded) as server,
        going_on(server, site, "What is live: deploy status"),
    ):
        outcome = rollback(server, site, shown.line, caller(), release)
    if outcome.needs_apply:
        raise DeployError(f"{site} is not on {server.host} yet", f"Run: deploy push {site}")
    if outcome is not Pushed.DONE:
        return 1
    next_step(f"deploy push {site} publishes the newest again")
    return 0
