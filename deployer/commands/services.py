"""deploy services: what runs in containers."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from deployer.commands._options import config_option, entries, json_option

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.composition import Composition
    from deployer.kinds.entry import Entry
    from deployer.seen.containers import Container

Runs = TypeVar("Runs", bound="Entry")

AIM = "services"


@click.command(short_help="Show what runs, and how well it is.")
@click.argument("names", nargs=-1, shell_complete=entries)
@config_option
@json_option
def command(names: tuple[str, ...], config: Path, as_json: bool) -> int:
    """Show what runs: containers with their image and its age, memory and ports, and units of systemd.

    The exit code is 1 when a container or unit is not well, or a service has none.

    \b
    Example:
      deploy services
      deploy services analytics.example.org --json
    """
    from deployer.config.loader import load
    from deployer.report import data, say
    from deployer.report.services import services_json, show_services
    from deployer.tasks import server_of
    from deployer.tasks.services import failures, pools, services, units

    loaded = load(config)
    runs = running(loaded, names)
    chosen = {name: each for name, each in loaded.compositions.items() if name in runs}
    with server_of(loaded) as server:
        containers = services(server, chosen)
        others = {name: each for name, each in runs.items() if name not in chosen}
        on_php = [name for name, each in others.items() if each.runner(name) == "pool"]
        programs = units(server, {name: each for name, each in others.items() if name not in on_php})
        programs += pools(server, on_php)
        missing = dict(lacking(chosen, containers))
        failed = failures(server, missing)
    if as_json:
        data(services_json([*containers, *programs]))
    else:
        show_services([*containers, *programs])
    for name, what in missing.items():
        why = (
            f"bringing it up {failed[name]}; this tries it again: deploy apply {name}"
            if name in failed
            else ""
        )
        say(f"! {name} has no {what}: {why or f'deploy push {name} makes them'}", style="yellow")
    return 0 if all(each.fine for each in (*containers, *programs)) and not missing else 1


def lacking(
    compositions: "Mapping[str, Composition]", containers: "Iterable[Container]"
) -> Iterator[tuple[str, str]]:
    """The compositions without containers that sites.yaml wants, each with which these are."""
    from deployer.planning.stages import NOT_LOOKED_AT

    there: dict[str, set[str]] = {name: set() for name in compositions}
    for container in containers:
        there[container.composition].add(container.service)
    for name, entry in sorted(compositions.items()):
        wanted = entry.services(name, NOT_LOOKED_AT)
        if not there[name]:
            yield name, "containers"
        elif wanted - there[name]:
            yield name, f"containers of {', '.join(sorted(wanted - there[name]))}"


def running(config: "Config", names: Iterable[str]) -> "dict[str, Entry]":
    """What of the named, or of all, can be stopped and started; UsageError for a site that cannot."""
    return _known(config, names, config.running, "in containers or units")


def compositions(config: "Config", names: Iterable[str]) -> "dict[str, Composition]":
    """What of the named, or of all, runs in containers; UsageError for a site that does not."""
    return _known(config, names, config.compositions, "in containers")


def _known(config: "Config", names: Iterable[str], known: "dict[str, Runs]", where: str) -> "dict[str, Runs]":
    from deployer.errors import UsageError

    if not names and not known:
        raise UsageError(f"nothing in sites.yaml runs {where}")
    for name, entry in config.select(names or known).items():
        if name not in known:
            log = f"Its visitors are in /var/log/nginx/{name}.access.log on the server."
            raise UsageError(f"{name} is of kind {entry.kind}: it does not run {where}", log)
    return {name: known[name] for name in dict.fromkeys(names or known)}
