"""deploy update: take newer images, if they are well."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries, json_option

AIM = "services"


@click.command(short_help="Take the newer images of services, or go back.")
@click.argument("names", nargs=-1, shell_complete=entries)
@config_option
@json_option
@click.option("--check", is_flag=True, help="Only tell which images have newer versions.")
def command(names: tuple[str, ...], config: Path, as_json: bool, check: bool) -> int:
    """Take the newer images of all services, or of those named, each with the way back.

    A service that is not well with its new image gets its old one back. Databases never cross a major
    version. With `updates:` in sites.yaml the server does this by itself every day.

    \b
    Example:
      deploy update --check
      deploy update analytics.example.org
    """
    from deployer.commands._elsewhere import during
    from deployer.commands._interrupted import going_on
    from deployer.commands.services import compositions
    from deployer.config.loader import load
    from deployer.report import data, say
    from deployer.report.progress import progress
    from deployer.report.services import freshness_json, show_freshness
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script
    from deployer.tasks.services import freshness

    loaded = load(config)
    chosen = compositions(loaded, names)
    with progress() as shown, server_of(loaded) as server:
        if not check:
            cooldown = loaded.updates.cooldown if loaded.updates else 0
            options = ["--cooldown", str(cooldown), "--by", caller()]
            look = "What runs: deploy services"
            with during(loaded, chosen, "update"), going_on(server, "update", look):
                return 0 if call_script(server, "update", shown.line, *chosen, *options) else 1
        images = freshness(server, chosen)
    if as_json:
        data(freshness_json(images))
    else:
        show_freshness(images)
    missing = [name for name in chosen if name not in {each.composition for each in images}]
    for name in missing:
        say(f"! {name} has no containers: deploy push {name} makes them", style="yellow")
    return 1 if missing else 0
