"""deploy mirrors: push a Gitea's repositories to its mirrors, and compare both sides."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries, json_option

if TYPE_CHECKING:
    from deployer.config.model import Config

AIM = "services"


@click.command(short_help="Push to the mirrors of a Gitea, and compare both sides.")
@click.argument("names", nargs=-1, shell_complete=entries)
@config_option
@json_option
@click.option("--check", is_flag=True, help="Push nothing, only compare.")
def command(names: tuple[str, ...], config: Path, as_json: bool, check: bool) -> int:
    """Have Gitea push to all of its mirrors now, and compare the branches and tags of both sides.

    The exit code is 1 when one is behind for longer than its interval, or cannot be pushed.

    \b
    Example:
      deploy mirrors
      deploy mirrors git.example.org --check --json
    """
    from contextlib import nullcontext
    from time import time

    from deployer.commands._interrupted import going_on
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.report.mirrors import mirrors_json, show_mirrors
    from deployer.tasks import server_of
    from deployer.tasks.mirrors import mirrors

    loaded = load(config)
    sites = mirrored(loaded, names)
    look = "How far each mirror is: deploy mirrors --check"
    with server_of(loaded) as server, nullcontext() if check else going_on(server, "mirrors", look):
        found = mirrors(server, sites, check)
    now = time()
    if as_json:
        data(mirrors_json(found, now))
    else:
        show_mirrors(found, now)
    return 1 if any(each.fault(now) for each in found) else 0


def mirrored(config: "Config", names: tuple[str, ...]) -> list[str]:
    """Those of the named sites, or of all, that have mirrors; UsageError for one that has none."""
    from deployer.errors import UsageError
    from deployer.kinds.gitea import Gitea

    chosen = config.select(names)
    having = [name for name, site in chosen.items() if isinstance(site, Gitea) and site.mirrors]
    if lacking := [name for name in names if name not in having]:
        raise UsageError(f"{lacking[0]} has no mirrors: in sites.yaml", "See docs/gitea.md.")
    if not having:
        raise UsageError("nothing in sites.yaml has mirrors", "They are a key of kind gitea: docs/gitea.md.")
    return having
