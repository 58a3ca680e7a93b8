"""One night's backup of a service with 1 GB of files: deploy, the usual script, borgmatic, restic."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.measure import progress, shown
from bench.night import DOMAIN, PACKAGES, TOOLS, Night, Place
from bench.page import arguments, publish, table
from bench.service import Service
from deployer.rehearsal.machine import Machine

ROUNDS = 3
Nights = dict[str, list[Night]]


def main() -> None:
    options = arguments(__doc__)
    first: Nights = {name: [] for name in TOOLS}
    second: Nights = {name: [] for name in TOOLS}
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        place = Place(Service.prepare(machine, Path(name), [DOMAIN])[0])
        progress("making 1 GB of files")
        megabytes = place.prepare(Path(name))
        for number in range(ROUNDS):
            for tool in TOOLS:
                progress(f"{tool}, round {number + 1} of {ROUNDS}")
                first[tool].append(place.night(TOOLS[tool], first=True))
            place.change()
            for tool in TOOLS:
                progress(f"{tool}, the night after, round {number + 1} of {ROUNDS}")
                second[tool].append(place.night(TOOLS[tool], first=False))
    publish("backup", [tables(first, second), f"{megabytes} MB of files."], options.write, results(first))


def results(nights: Nights) -> dict[str, str]:
    """What is kept of every run."""
    took = {tool: median_of(each, lambda night: night.seconds) for tool, each in nights.items()}
    service, folder = took["deploy"], took["deploy, a folder"]
    alone, on_all_cores = took["`tar`, `zstd`"], took["`tar`, `zstd -T0`"]
    return {
        "backup of 1 GB, against the usual script": f"{took['the usual script'] / service:.1f}×",
        "backup of 1 GB, against `tar`, `zstd -T0`": f"{service / on_all_cores:.2f}×",
        "backup of a folder of 1 GB, against `tar`, `zstd`": f"{folder / alone:.2f}×",
        "backup of a folder of 1 GB, against `tar`, `zstd -T0`": f"{folder / on_all_cores:.2f}×",
    }


def tables(first: Nights, second: Nights) -> str:
    """Both nights of all tools."""
    rows = [
        row("time", first, lambda night: night.seconds, shown),
        row("seconds of errors for visitors", first, lambda night: night.down, shown),
        row("archive", first, lambda night: night.size, in_megabytes),
        row("most extra space on disk", first, lambda night: night.disk, in_megabytes),
        row("most memory", first, lambda night: night.memory, in_megabytes),
        row("the night after: time", second, lambda night: night.seconds, shown),
        row("the night after: new on disk", second, lambda night: night.size, in_megabytes),
    ]
    return table(["", *first], rows)


def row(
    what: str, nights: Nights, figure: Callable[[Night], float], text: Callable[[Sequence[float]], str]
) -> list[str]:
    """One line of the table."""
    return [what, *(text([figure(night) for night in each]) for each in nights.values())]


def in_megabytes(figures: Sequence[float]) -> str:
    """The median in MB."""
    return f"{median(figures) / 1e6:.0f} MB"


def median_of(nights: Sequence[Night], figure: Callable[[Night], float]) -> float:
    """The median of one figure."""
    return median(figure(night) for night in nights)


if __name__ == "__main__":
    main()
