"""deploy maintenance: a page that says that a site is back soon, in its place; or the site again."""

from pathlib import Path

import click

from deployer.commands._options import config_option, named

AIM = "services"


@click.command(short_help="Show visitors that a site is back soon, or the site.")
@click.argument("site", shell_complete=named("sites"))
@click.argument("state", type=click.Choice(["on", "off"]))
@config_option
def command(site: str, state: str, config: Path) -> int:
    """Show visitors of a site a page that says that it is back soon (503), or the site again.

    Who is named by `maintenance: {allow: [...]}` in sites.yaml sees the site all the same, and pushes go on.
    `maintenance: on` there keeps it on; without that, it stays until you turn it off.

    \b
    Example:
      deploy maintenance forum.example.org on
      deploy maintenance forum.example.org off
    """
    from deployer.commands._interrupted import going_on
    from deployer.config.loader import load
    from deployer.errors import UsageError
    from deployer.report import say
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script

    loaded = load(config)
    loaded.select([site])
    if site not in loaded.sites or loaded.sites[site].kind == "redirect":
        raise UsageError(f"{site} has no pages: only a site can be in maintenance")
    look = "What visitors see: deploy status"
    with progress() as shown, server_of(loaded) as server, going_on(server, site, look):
        done = call_script(server, "maintenance", shown.line, site, state, "--by", caller())
    wanted = loaded.sites[site].maintenance
    if done and wanted and wanted.state and wanted.state != state:
        say(f"! {config} still says maintenance: {wanted.state}: the next apply makes it so again")
    return 0 if done else 1
