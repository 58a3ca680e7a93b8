"""What visitors notice of an update of a service, by each of the ways in which one is usually done.

Each part is published as soon as it is measured, and can be measured alone: bench/run update hanging
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import room
from bench.asking import Visitor, until
from bench.measure import Command, Failed, progress, shown, timed
from bench.page import arguments, publish, table
from bench.service import CRASHES, HANGS, OFTEN, PACKAGES, WELL, Service
from deployer.rehearsal.machine import Machine

FIRST, OURS = "`deploy push`, start first", "`deploy push`, waiting room"
COMPOSE, WATCHTOWER, ROLLOUT = "`docker compose pull && up -d`", "Watchtower's way", "docker-rollout's way"
WAYS: dict[str, tuple[Callable[[Service], Command], dict[str, str]]] = {
    FIRST: (Service.by_push, {"replace": "start-first"}),
    OURS: (Service.by_push, {}),
    COMPOSE: (Service.by_compose, {"hold": "0"}),
    WATCHTOWER: (Service.by_stopping, {"hold": "0"}),
}
"""How each goes over, and what sites.yaml says of it; docker-rollout's stands in none."""
ROUNDS, ROUNDS_OF_OTHERS = 20, 3
WATCHED = 15
"""Seconds after which nobody comes back by itself."""
MOST = 64
"""Visitors who wait at a time: each has four connections of NGINX then, which has 768 for a worker."""
GOOD = "good"
IMAGES = {
    GOOD: ("a good image", WELL, "is live"),
    "crashing": ("an image that crashes at once", CRASHES, "exit code 1"),
    "hanging": ("an image that hangs and is never healthy", HANGS, "healthy"),
}
"""Of each: what it is, what it runs, and what `deploy push` says of it."""
NOTHING, LATENCY = "nothing", "latency"


def main() -> None:
    rounds = {"rounds": f"of ours and of each image; without it, {ROUNDS}"}
    options = arguments(__doc__, rounds, [*IMAGES, NOTHING, LATENCY])
    if set(options.parts) - {LATENCY}:
        with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
            services = begin(machine, Path(name))
            for part in [each for each in IMAGES if each in options.parts]:
                updates(part, services, int(options.rounds or ROUNDS), options.write)
            if NOTHING in options.parts:
                publish(f"update {NOTHING}", [with_nothing_new(services[OURS])], options.write)
    if LATENCY in options.parts:
        said, results = room.measured()
        publish(f"update {LATENCY}", [said], options.write, results)


def begin(machine: Machine, folder: Path) -> dict[str, Service]:
    """A service for each way."""
    progress("a service for each way")
    domains = [f"way-{number}.example.org" for number, _ in enumerate(WAYS)]
    keys = [keys for _, keys in WAYS.values()]
    services = dict(zip(WAYS, Service.prepare(machine, folder, domains, keys, OFTEN), strict=True))
    services[ROLLOUT] = Service(machine, folder, "rollout.example.org", 8150, OFTEN)
    services[ROLLOUT].roll_out_by_hand()
    return services


def updates(part: str, services: Mapping[str, Service], rounds: int, write: bool) -> None:
    """Publish what visitors notice of each way.

    A good image is taken by one after the other. A bad one is taken side by side, ours first and then the
    others: most of that is waiting.
    """
    rows: dict[str, list[str]] = {}
    for ways in ((FIRST, OURS), (COMPOSE, WATCHTOWER, ROLLOUT)):
        with ThreadPoolExecutor(1 if part == GOOD else len(ways)) as pool:
            each = pool.map(lambda way: noticed(way, services[way], part, rounds), ways)
            rows |= zip(ways, each, strict=True)
    what, *_ = IMAGES[part]
    ours = {way: f"{rows[way][1]} of {rows[way][2]}, {rows[way][3]}" for way in (FIRST, OURS)}
    results = {f"failed while {what} is taken, {way}": said for way, said in ours.items()}
    head = [what, "rounds", "requests that failed", "of", "longest wait of the others"]
    publish(f"update {part}", [table(head, [[way, *row] for way, row in rows.items()])], write, results)


def noticed(way: str, service: Service, part: str, rounds: int) -> list[str]:
    """Rounds, failed requests, all requests and the longest wait of several updates by this way.

    The next image is published while it is seen whether all is well after this one.
    """
    if way not in (FIRST, OURS):
        rounds = min(rounds, ROUNDS_OF_OTHERS)
    what, command, words = IMAGES[part]
    lasting = ""
    service.release(f"{what} 1", command)
    with Visitor(service.machine.address, service.domain, most=MOST) as visitor:
        until(lambda: visitor.is_served(0.5), f"{service.domain} is not served", 20)
        for number in range(1, rounds + 1):
            progress(f"{what}, {way}, round {number} of {rounds}")
            said = timed(going_over(way, service), fine=(0, 1))[1]
            if way in (FIRST, OURS) and words not in said:
                raise Failed(f"{way} takes {what} otherwise:\n{said}")
            service.release(f"{what} {number + 1}", command)
            if not is_served_again(visitor):
                lasting, rounds = f", until a person comes (watched for {WATCHED} s)", number
                break
            serves(service, f"{what} {number}", part == GOOD)
    progress(f"{what}, {way}: answers {dict(Counter(status for *_, status in visitor.answers))}")
    if lasting:
        service.release("mended")
        timed(service.by_stopping() if way == WATCHTOWER else service.by_compose())
    failed, asked = f"{visitor.count_failed():,}", f"{len(visitor.answers):,}"
    return [str(rounds), failed + lasting, asked, f"{visitor.slowest():.1f} s"]


def going_over(way: str, service: Service) -> Command:
    """What a person types to have the newest image."""
    return service.by_rollout() if way == ROLLOUT else WAYS[way][0](service)


def is_served_again(visitor: Visitor) -> bool:
    """Whether all is well for a second, soon enough."""
    try:
        until(lambda: visitor.is_served(1), visitor.domain, WATCHED)
    except Failed:
        return False
    return True


def serves(service: Service, page: str, wanted: bool) -> None:
    """Raise Failed where the page is served that is not wanted, or not the one that is."""
    served = service.machine.run(f"curl -s --header 'Host: {service.domain}' 127.0.0.1").stdout.strip()
    if (served == page) != wanted:
        raise Failed(f"{service.domain} serves {served!r} after {page!r}")


def with_nothing_new(service: Service) -> str:
    """How long a push takes that finds nothing to do."""
    progress("nothing new, `deploy push`")
    service.release("the newest page")
    timed(service.by_push())
    runs = [timed(service.by_push()) for _ in range(5)]
    if not all("is already up to date" in said for _, said in runs):
        raise Failed(f"there was something to do:\n{runs[-1][1]}")
    asked = [float(re.search(r"✓ pull ([\d.]+)s", said).group(1)) for _, said in runs]
    return (
        f"With nothing new, `deploy push` takes {shown([took for took, _ in runs])}; "
        f"asking the registry is {shown(asked)} of it."
    )


if __name__ == "__main__":
    main()
