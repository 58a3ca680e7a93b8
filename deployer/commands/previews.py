"""deploy previews: which previews of a site there are, and taking one away."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option, sites_alone

AIM = "publish"


@click.command(short_help="List the previews of a site, or take one away.")
@click.argument("site", shell_complete=sites_alone)
@config_option
@click.option("--remove", metavar="NAME", default="", help="Take this one away.")
@json_option
def command(site: str, config: Path, remove: str, as_json: bool) -> int:
    """List the previews of a site: where each is, until when, what it is of, and who has pushed it.

    deploy push SITE --as NAME makes one. Each goes by itself, `keep_previews:` after its last push.

    \b
    Example:
      deploy previews www.example.org
      deploy previews www.example.org --remove new-menu
    """
    from deployer.commands._interrupted import going_on
    from deployer.commands._source import require_name, require_previews
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import ask_script, call_script

    loaded = load(config)
    require_previews(loaded.select([site]))
    require_name(remove)
    with progress() as shown, server_of(loaded) as server:
        if remove:
            options = ("--remove", remove, "--by", caller())
            with going_on(server, f"{remove} of {site}", f"What there is: deploy previews {site}"):
                return 0 if call_script(server, "previews", shown.line, site, *options) else 1
        data(ask_script(server, "previews", site, *(["--json"] if as_json else [])))
    return 0
