"""How long monitors of fifty sites take in an Uptime Kuma: all new, nothing to do, and all gone.

KUMA=http://127.0.0.1:3001 KUMA_USER=me KUMA_PASSWORD=… measures a real one. Else the stand-in of the tests is
asked: it speaks the same socket.io, and has neither bcrypt nor a database.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import CHECKOUT, Failed, progress, shown
from bench.page import arguments, publish, table
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.planning.plan import Plan
from deployer.tasks.monitors import Monitors

SITES, RUNS = 50, 3  # it refuses who logs in more than twenty times a minute


def main() -> None:
    options = arguments(__doc__)
    with asked() as (what, address, user), tempfile.TemporaryDirectory() as folder:
        full, empty = (configured(Path(folder), address, user, count) for count in (SITES, 0))
        taken: dict[str, list[float]] = {"made": [], "asked, nothing to do": [], "removed": []}
        converged(empty)
        for number in range(RUNS):
            progress(f"run {number + 1} of {RUNS}")
            for name, config in (("made", full), ("asked, nothing to do", full), ("removed", empty)):
                taken[name].append(converged(config))
    rows = [[f"{SITES} monitors {name}", shown(figures)] for name, figures in taken.items()]
    publish("monitors", [table([f"{what}, median of {RUNS} (fastest–slowest)", "time"], rows)], options.write)


@contextmanager
def asked() -> Iterator[tuple[str, str, str]]:
    """What is asked, its address, and the user; the password is in the environment."""
    if address := os.environ.get("KUMA"):
        yield "Uptime Kuma", address, os.environ["KUMA_USER"]
        return
    sys.path.insert(0, str(CHECKOUT / "tests"))
    from outside import kuma

    os.environ["KUMA_PASSWORD"] = kuma.PASSWORD
    with kuma.Kuma() as there:
        yield "a stand-in for Uptime Kuma", there.address, kuma.USER


def configured(folder: Path, address: str, user: str, count: int) -> Config:
    """A sites.yaml with that many sites."""
    keeper = {"url": address, "user": user, "password": "env:KUMA_PASSWORD"}
    sites = {f"s{number}.example.org": {"kind": "proxy", "port": 3000 + number} for number in range(count)}
    document = {"server": {"host": "bench.example.org"}, "sites": sites}
    (folder / "sites.yaml").write_text(json.dumps({**document, "monitoring": {"uptime_kuma": keeper}}))
    return load(folder / "sites.yaml")


def converged(config: Config) -> float:
    """The seconds that it takes to read, to compare, and to write what differs."""
    began = time.perf_counter()
    assert config.monitoring
    monitors = Monitors(config, config.monitoring)
    said: list[str] = []
    if not monitors.write(monitors.planned(Plan(), None), said.append):
        raise Failed("\n".join(said) or "it could not be asked")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
