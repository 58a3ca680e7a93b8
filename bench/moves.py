"""For how long visitors get errors while services move: to other ports, other names, or to another kind."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import kinds, renames
from bench.asking import Visitor, errors
from bench.measure import DEPLOY, Command, progress, shown
from bench.page import arguments, publish, table
from bench.service import COMPOSE, PACKAGES, Service
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

ROUNDS = 5
OURS = ("one.example.org", "two.example.org", "stays.example.org")
STAYS = OURS[-1]
BY_HAND = ("hand-one.example.org", "hand-two.example.org")
Places = dict[str, int]
MOVES: dict[str, Callable[[Sequence[str], Places], Places]] = {
    "another port": lambda names, now: now | {names[0]: now[names[0]] + 10},
    "two swap their ports": lambda names, now: now | {names[0]: now[names[1]], names[1]: now[names[0]]},
}


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        more = [{}] * len(OURS) + [{"hold": "0"}] * len(BY_HAND)
        services = Service.prepare(machine, Path(name), [*OURS, *BY_HAND], more)
        with Visitor(machine.address, STAYS) as staying:
            rows = [*ports(services)]
            changed = kinds.measured(services[OURS.index(STAYS)])
            rows += names(services[-1])
    failed = sum(status != 200 for _, _, status in staying.answers)
    head = ["errors with", "`deploy apply`", "Compose and NGINX by hand"]
    told = f"Of the service that stays, {failed} of {len(staying.answers)} requests failed meanwhile."
    results = {f"errors while a service moves, {row[0]}, `deploy apply`": row[1] for row in rows}
    results["errors while a site becomes another kind, `deploy apply`"] = kinds.worst(changed)
    publish("moves", [table(head, rows), kinds.matrix(changed), told], options.write, results)


def ports(services: Sequence[Service]) -> Iterator[list[str]]:
    """What each way costs visitors of services that get other ports."""
    ours = {each.domain: each.port for each in services if each.domain in OURS}
    by_hand = {each.domain: each.port for each in services if each.domain in BY_HAND}
    for what, move in MOVES.items():
        figures: tuple[list[float], list[float]] = ([], [])
        for number in range(ROUNDS):
            progress(f"{what}, round {number + 1} of {ROUNDS}")
            ours = moved(services, OURS, ours, move, figures[0], by_deploy)
            by_hand = moved(services, BY_HAND, by_hand, move, figures[1], by_compose)
        yield [what, shown(figures[0]), shown(figures[1])]


def names(service: Service) -> Iterator[list[str]]:
    """What each way costs visitors of services that get other names."""
    each_way = renames.begin(service, STAYS)
    for case in renames.CASES:
        figures: dict[str, list[float]] = {way: [] for way in renames.WAYS}
        for number in range(ROUNDS):
            for way, rename in renames.WAYS.items():
                progress(f"{case}, {way}, round {number + 1} of {ROUNDS}")
                now = each_way[way, case]
                after = each_way[way, case] = now.next()
                figures[way].append(errors(Visitor(service.machine.address, now.domain), rename(now, after)))
        yield [case, *map(shown, figures.values())]


def moved(
    services: Sequence[Service],
    names: Sequence[str],
    now: Places,
    move: Callable[[Sequence[str], Places], Places],
    figures: list[float],
    way: Callable[[Sequence[Service], Places, Places], Command],
) -> Places:
    """Move one of them, or two; its seconds of errors go to the figures, and the new places come back."""
    after = move(names, now)
    mine = [replace(each, port=after[each.domain]) for each in services if each.domain in after]
    figures.append(errors(Visitor(mine[0].machine.address, names[0]), way(mine, now, after)))
    return after


def by_deploy(services: Sequence[Service], now: Places, after: Places) -> Command:
    """Edit sites.yaml and the compose files, and apply."""
    folder = services[0].folder
    config = json.loads((folder / "sites.yaml").read_text())
    for each in services:
        text = COMPOSE.format(image=each.image, port=each.port)
        (folder / f"{each.domain}.yml").write_text(text)
        config["sites"][each.domain]["port"] = each.port
    (folder / "sites.yaml").write_text(json.dumps(config))
    return Command([DEPLOY, "apply", "--yes", *OURS], folder)


def by_compose(services: Sequence[Service], now: Places, after: Places) -> Command:
    """What a person types: all that moves is taken down, comes up elsewhere, and NGINX is reloaded."""
    machine = services[0].machine
    lines = []
    for each in [each for each in services if now[each.domain] != after[each.domain]]:
        file = f"/opt/{each.domain}/docker-compose.yml"
        lines.append(f"sed -i 's/127.0.0.1:[0-9]*:80/127.0.0.1:{each.port}:80/' {file}")
        lines.append(
            f"sed -i 's/127.0.0.1:[0-9]*/127.0.0.1:{each.port}/' /etc/nginx/conf.d/{each.domain}.conf"
        )
    swaps = [each for each in services if now[each.domain] != after[each.domain]]
    if len(swaps) > 1:
        lines += [f"docker compose --project-directory /opt/{each.domain} down" for each in swaps]
    lines += [f"docker compose --project-directory /opt/{each.domain} up --detach" for each in swaps]
    lines.append("nginx -s reload")
    argv = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
    return Command([*argv, " && ".join(lines)])


if __name__ == "__main__":
    main()
