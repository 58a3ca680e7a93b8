"""What visitors notice of an update of a service, by each of the ways in which one is usually done."""

import http.client
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.asking import Visitor, until
from bench.measure import Command, Failed, progress, shown, timed
from bench.page import arguments, publish, table
from bench.service import CRASHES, HANGS, OFTEN, PACKAGES, Service
from deployer.rehearsal.machine import Machine

FIRST, OURS = "`deploy push`, start first", "`deploy push`, waiting room"
ROUNDS, ROUNDS_OF_OTHERS = 20, 3
WATCHED = 30
PATIENCE = 70.0
BATCHES, BATCH = 40, 250
AS_BEFORE = "not served again"
COMPOSE, WATCHTOWER, ROLLOUT = "`docker compose pull && up -d`", "Watchtower's way", "docker-rollout's way"
WAYS: dict[str, tuple[Callable[[Service], Command], dict[str, str]]] = {
    FIRST: (Service.by_push, {"replace": "start-first"}),
    OURS: (Service.by_push, {}),
    COMPOSE: (Service.by_compose, {"hold": "0"}),
    WATCHTOWER: (Service.by_stopping, {"hold": "0"}),
}
"""How each goes over, and what sites.yaml says of it; docker-rollout's stands in none."""
IMAGES = {"a good image": "", "one that crashes at once": CRASHES, "one that hangs: never healthy": HANGS}


@dataclass
class Noticed:
    """What visitors noticed of some updates: requests that failed, of how many, and the longest wait."""

    failed: int = 0
    asked: int = 0
    longest: float = 0

    def add(self, visitor: Visitor) -> None:
        """What one noticed."""
        self.failed += visitor.count_failed()
        self.asked += len(visitor.answers)
        self.longest = max(self.longest, visitor.slowest())

    def __str__(self) -> str:
        return f"{self.failed:,} of {self.asked:,}, {self.longest:.1f} s"


def main() -> None:
    options = arguments(__doc__, {"rounds": f"of ours and of each image; without it, {ROUNDS}"})
    rounds = int(options.rounds or ROUNDS)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        domains = [f"way-{number}.example.org" for number, _ in enumerate(WAYS)]
        keys = [keys for _, keys in WAYS.values()]
        services = dict(zip(WAYS, Service.prepare(machine, Path(name), domains, keys, OFTEN), strict=True))
        services[ROLLOUT] = Service(machine, Path(name), "rollout.example.org", 8150, OFTEN)
        services[ROLLOUT].roll_out_by_hand()
        rows = [
            [what, *(noticed(way, service, what, command, rounds) for way, service in services.items())]
            for what, command in IMAGES.items()
        ]
        nothing = with_nothing_new(services[OURS])
        waits = latency(machine, services[OURS].domain, services[COMPOSE].domain)
    results = {f"{row[0]}, {way}": cell for row in rows for way, cell in zip(services, row[1:], strict=True)}
    head = ["failed, longest wait", *services]
    publish("update", [table(head, rows), nothing, waits], options.write, results)


def latency(machine: Machine, held: str, plain: str) -> str:
    """How long a request takes with a waiting room and without, in turns over connections that stay."""
    progress("how long a request takes")
    lines = {name: http.client.HTTPConnection(machine.address) for name in (held, plain)}
    took: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(BATCHES):
        for name, line in lines.items():
            for _ in range(BATCH):
                began = time.perf_counter()
                line.request("GET", "/", headers={"Host": name})
                line.getresponse().read()
                took[name].append(time.perf_counter() - began)
    with_room, without = (statistics.median(took[name]) * 1000 for name in (held, plain))
    return (
        f"A request takes {with_room:.3f} ms with a waiting room, {without:.3f} ms without one "
        f"(`hold: 0`): {with_room / without:.3f} times as long (medians of {BATCHES * BATCH:,})."
    )


def with_nothing_new(service: Service) -> str:
    """How long a push takes that finds nothing to do."""
    progress("nothing new, `deploy push`")
    runs = [timed(service.by_push()) for _ in range(5)]
    if not all("is already up to date" in said for _, said in runs):
        raise Failed(f"there was something to do:\n{runs[-1][1]}")
    asked = [float(re.search(r"✓ pull ([\d.]+)s", said).group(1)) for _, said in runs]
    return (
        f"With nothing new, `deploy push` takes {shown([took for took, _ in runs])}; "
        f"asking the registry is {shown(asked)} of it."
    )


def update(way: str, service: Service, page: str, command: str = "") -> Visitor:
    """The visitor of one update, until the service is served again for two seconds."""
    service.release(page, *([command] if command else []))
    with Visitor(service.machine.address, service.domain, patience=PATIENCE) as visitor:
        until(lambda: visitor.is_served(0.5), f"{service.domain} is not served", 20)
        timed(Service.by_rollout(service) if way == ROLLOUT else WAYS[way][0](service), fine=(0, 1))
        until(lambda: visitor.is_served(2), AS_BEFORE, WATCHED)
    served = service.machine.run(f"curl -s --header 'Host: {service.domain}' 127.0.0.1").stdout.strip()
    if (served == page) == bool(command):
        raise Failed(f"{way} serves {served!r} after {page!r}")
    return visitor


def noticed(way: str, service: Service, what: str, command: str, rounds: int) -> str:
    """What visitors noticed of several updates; that it never ends, where nothing goes back."""
    found = Noticed()
    if way not in (FIRST, OURS):
        rounds = min(rounds, ROUNDS_OF_OTHERS)
    for number in range(rounds):
        progress(f"{what}, {way}, round {number + 1} of {rounds}")
        try:
            found.add(update(way, service, f"{what} {number}", command))
        except Failed as error:
            if str(error) != AS_BEFORE:
                raise
            service.release("mended")
            timed(service.by_stopping() if way == WATCHTOWER else service.by_compose())
            return f"until a person comes (watched for {WATCHED} s)"
    return str(found)


if __name__ == "__main__":
    main()
