"""What comes next, in one line after what was done."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deployer.report import next_step, say

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.entry import Entry
    from deployer.planning.plan import Plan
    from deployer.server.connection import Server


def after_plan(plan: "Plan", names: Sequence[str]) -> None:
    """Only where there is something to apply."""
    if not plan.empty:
        next_step(f"{' '.join(['deploy apply', *names])} does this, after showing it once more and asking")


def after_apply(server: "Server", config: "Config", plan: "Plan") -> None:
    """A push, where a new site has nothing to show yet; else the look at it."""
    from deployer.kinds.publication import is_published, only_takes_files

    waiting = unpublished(server, new_sites(config, plan))
    empty = [name for name in waiting if is_published(config.sites[name])]
    if empty:
        answer, pushed = ("answers", "it is") if len(empty) == 1 else ("answer", "they are")
        say(f"{', '.join(empty)} {answer} 404 until {pushed} pushed.")
    if waiting:
        sent = [name for name in waiting if only_takes_files(config.everything[name])]
        built = [name for name in waiting if name not in sent]
        pushes = [f"deploy push {' '.join(built)}"] if built else []
        next_step("; ".join([*pushes, *(f"deploy push {name} --from FOLDER" for name in sent)]))
    else:
        next_step("deploy status shows how the server and its sites are")


def after_push(done: "Mapping[str, Entry]", first: Sequence[str] = ()) -> None:
    """Where to look at it, and the way back, which those that are `first` do not have yet."""
    from deployer.kinds.base import Site

    pages = [
        f"{'https' if site.https else 'http'}://{name}/"
        for name, site in done.items()
        if isinstance(site, Site)
    ]
    ways = [name for name in done if name not in first]
    back = f"deploy rollback {ways[0] if len(done) == 1 else 'SITE'} takes it back" if ways else ""
    look = f"look at {' '.join(pages)}" if pages else ""
    if look or back:
        next_step("; ".join(filter(None, (look, back))))


def without_earlier(server: "Server", done: "Mapping[str, Entry]") -> list[str]:
    """Those of what was pushed that have nothing to go back to."""
    from deployer.kinds.publication import is_published

    places = {
        name: f"/srv/deploy/{name}/{'' if is_published(site) else 'images/'}previous"
        for name, site in done.items()
    }
    return lacking(server, places)


def lacking(server: "Server", places: Mapping[str, str]) -> list[str]:
    """Those whose place the server does not have."""
    if not places:
        return []
    paths = " ".join(shlex.quote(f"{name}={place}") for name, place in places.items())
    answer = server.ask(f'for each in {paths}; do [ -L "${{each#*=}}" ] || echo "${{each%%=*}}"; done')
    return answer.output.decode(errors="replace").split()


def new_sites(config: "Config", plan: "Plan") -> "dict[str, Entry]":
    """The sites of the plan that a push makes, and that the server did not know before."""
    from deployer.kinds.base import is_from_repository
    from deployer.kinds.publication import is_published

    paths = {change.path for change in plan.changes if change.before is None}
    return {
        domain: site
        for domain, site in config.sites.items()
        if (is_published(site) or is_from_repository(site)) and f"/etc/deploy/sites/{domain}.conf" in paths
    }


def unpublished(server: "Server", sites: "Mapping[str, Entry]") -> list[str]:
    """Those of the sites that have nothing to show."""
    from deployer.kinds.publication import is_published

    return lacking(
        server,
        {
            name: f"/var/www/{name}" if is_published(site) else f"/srv/deploy/{name}/images/live"
            for name, site in sites.items()
        },
    )
