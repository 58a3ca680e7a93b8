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
    from deployer.kinds.publication import only_takes_files

    waiting = unpublished(server, new_sites(config, plan))
    if waiting:
        answer, pushed = ("answers", "it is") if len(waiting) == 1 else ("answer", "they are")
        say(f"{', '.join(waiting)} {answer} 404 until {pushed} pushed.")
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
    if not places:
        return []
    paths = " ".join(shlex.quote(f"{name}={place}") for name, place in places.items())
    answer = server.ask(f'for each in {paths}; do [ -L "${{each#*=}}" ] || echo "${{each%%=*}}"; done')
    return answer.output.decode(errors="replace").split()


def new_sites(config: "Config", plan: "Plan") -> list[str]:
    """The sites of the plan that a push publishes, and that the server did not know before."""
    from deployer.kinds.publication import is_published

    paths = {change.path for change in plan.changes if change.before is None}
    return [
        domain
        for domain, site in config.sites.items()
        if is_published(site) and f"/etc/deploy/sites/{domain}.conf" in paths
    ]


def unpublished(server: "Server", domains: Sequence[str]) -> list[str]:
    """Those of the sites that have nothing to show."""
    if not domains:
        return []
    names = " ".join(map(shlex.quote, domains))
    answer = server.ask(f'for name in {names}; do [ -e "/var/www/$name" ] || echo "$name"; done')
    return answer.output.decode(errors="replace").split()
