"""For how long visitors get errors while a service is updated: deploy, Compose by hand, Watchtower's way."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.asking import Visitor, until
from bench.measure import Command, Failed, progress, shown, timed
from bench.page import arguments, publish, table
from bench.service import CRASHES, HANGS, PACKAGES, Service
from deployer.rehearsal.machine import Machine

ROUNDS = 5
ROUNDS_OF_BAD = 3
WATCHED = 30
AS_BEFORE = "not served again"
WAYS: dict[str, Callable[[Service], Command]] = {
    "`deploy push`": Service.by_push,
    "`docker compose pull && up -d`": Service.by_compose,
    "Watchtower's way": Service.by_stopping,
}
BAD = {"crashes at once": CRASHES, "hangs: never healthy": HANGS}
Figures = list[float]


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        domains = [f"way-{number}.example.org" for number, _ in enumerate(WAYS)]
        services = dict(zip(WAYS, Service.prepare(machine, Path(name), domains), strict=True))
        good = {way: [] for way in WAYS}
        for number in range(ROUNDS):
            for way, service in services.items():
                progress(f"a good image, {way}, round {number + 1} of {ROUNDS}")
                good[way].append(update(way, service, f"page {number + 1}"))
        nothing = with_nothing_new(next(iter(services.values())))
        rows = [["a good image", *(shown(good[way]) for way in WAYS)]]
        for what, command in BAD.items():
            rows.append([f"one that {what}", *(failing(way, services[way], what, command) for way in WAYS)])
    results = {f"errors while a good image is taken, {way}": shown(good[way]) for way in WAYS}
    publish("update", [table(["errors with", *WAYS], rows), nothing], options.write, results)


def with_nothing_new(service: Service) -> str:
    """How long a push takes that finds nothing to do."""
    progress("nothing new, `deploy push`")
    runs = [timed(service.by_push()) for _ in range(ROUNDS)]
    if not all("is already up to date" in said for _, said in runs):
        raise Failed(f"there was something to do:\n{runs[-1][1]}")
    asked = [float(re.search(r"✓ pull ([\d.]+)s", said).group(1)) for _, said in runs]
    return (
        f"With nothing new, `deploy push` takes {shown([took for took, _ in runs])}; "
        f"asking the registry is {shown(asked)} of it."
    )


def update(way: str, service: Service, page: str, command: str = "") -> float:
    """Seconds of errors that a visitor gets, until the service is served again for two seconds."""
    service.release(page, *([command] if command else []))
    with Visitor(service.machine.address, service.domain) as visitor:
        until(lambda: visitor.is_served(0.5), f"{service.domain} is not served", 20)
        timed(WAYS[way](service), fine=(0, 1))
        until(lambda: visitor.is_served(2), AS_BEFORE, WATCHED)
    served = service.machine.run(f"curl -s 127.0.0.1:{service.port}").stdout.strip()
    if (served == page) == bool(command):
        raise Failed(f"{way} serves {served!r} after {page!r}")
    return visitor.failed()


def failing(way: str, service: Service, what: str, command: str) -> str:
    """The seconds of errors of several bad images; that it never ends, where nothing goes back."""
    figures: Figures = []
    for number in range(ROUNDS_OF_BAD):
        progress(f"an image that {what}, {way}, round {number + 1} of {ROUNDS_OF_BAD}")
        try:
            figures.append(update(way, service, f"{what} {number}", command))
        except Failed as error:
            if str(error) != AS_BEFORE:
                raise
            service.release("mended")
            timed(service.by_compose() if way != "Watchtower's way" else service.by_stopping())
            return f"until a person comes (watched for {WATCHED} s)"
    return shown(figures)


if __name__ == "__main__":
    main()
