"""Many sites and many services on one server: what a plan, an apply and a look at all of them take."""

import json
import tempfile
from pathlib import Path

from bench.contenders import ours
from bench.converge import packages
from bench.measure import DEPLOY, Command, progress, shown, timed
from bench.night import KEY, PACKAGES
from bench.page import arguments, publish, table
from bench.service import COMPOSE, Service
from deployer.planning.pools import DAEMON, POOLS
from deployer.rehearsal.machine import Machine

SITES = (10, 1000)
SERVICES = (10, 60)
LOOKS = 3
CHANGES_WAIT, UNWELL = 4, 1  # exit codes: of a plan that is not empty, and of sites that nobody has pushed to


def main() -> None:
    options = arguments(__doc__)
    sites = {count: measured_sites(count) for count in SITES}
    services = {count: measured_services(count) for count in SERVICES}
    rows = [[what, *(sites[count][what] for count in SITES)] for what in sites[SITES[0]]]
    more = [[what, *(services[count][what] for count in SERVICES)] for what in services[SERVICES[0]]]
    parts = [
        table(["static sites", *map(str, SITES)], rows),
        table(["services in containers, none of them there before", *map(str, SERVICES)], more),
    ]
    many = sites[SITES[-1]]
    kept = {f"`deploy status` of {SITES[-1]} sites": many["`deploy status`"].partition(" (")[0]}
    kept[f"`deploy apply` of {SERVICES[-1]} services, each"] = services[SERVICES[-1]]["each"]
    kept[f"`deploy backup` of {SERVICES[-1]} services, each"] = services[SERVICES[-1]]["each of them"]
    publish("many", parts, options.write, kept)


def measured_sites(count: int) -> dict[str, str]:
    """So many new sites on a fresh machine: planned, applied, and looked at."""
    domains = [f"site-{number:04}.example.org" for number in range(count)]
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=packages()) as machine:
        apply = ours(machine, Path(name), domains)
        progress(f"{count} sites")
        planned, said = timed(Command([DEPLOY, "plan"], apply.folder), [CHANGES_WAIT])
        _, whole = timed(Command([DEPLOY, "plan", "--full"], apply.folder), [CHANGES_WAIT])
        applied, _ = timed(apply)
        look = Command([DEPLOY, "status"], apply.folder)
        looks = [timed(look, [0, UNWELL])[0] for _ in range(LOOKS)]
        doctor = Command([DEPLOY, "doctor"], apply.folder)
        doctors = [timed(doctor, [0, UNWELL])[0] for _ in range(LOOKS)]
    return {
        "`deploy plan`, all of them new": shown([planned]),
        "what it prints": f"{len(said) / 1000:.1f} kB",
        "what it prints with `--full`": f"{len(whole) / 1000:.0f} kB",
        "`deploy apply`": shown([applied]),
        "`deploy status`": shown(looks),
        "`deploy doctor`": shown(doctors),
    }


def measured_services(count: int) -> dict[str, str]:
    """So many services of one image, brought up by one apply, with the `watch` that is usual."""
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        folder = Path(name)
        (machine.root / DAEMON[1:]).parent.mkdir(parents=True, exist_ok=True)
        (machine.root / DAEMON[1:]).write_text(f"{{{POOLS}}}\n")
        machine.run("systemctl restart docker")
        (first,) = Service.prepare(machine, folder, ["first.example.org"])
        config = json.loads((folder / "sites.yaml").read_text())
        for number in range(1, count + 1):
            domain, port = f"service-{number:02}.example.org", 8200 + number
            (folder / f"{domain}.yml").write_text(COMPOSE.format(image=first.image, port=port))
            config["sites"][domain] = {
                "kind": "compose",
                "file": f"{domain}.yml",
                "port": port,
                "https": False,
            }
        (folder / "key.asc").write_text(machine.run(KEY).stdout)
        config["backups"] = {"recipient": "key.asc"}
        (folder / "sites.yaml").write_text(json.dumps(config))
        progress(f"{count} services")
        took, _ = timed(Command([DEPLOY, "apply", "--yes"], folder))
        looks = [timed(Command([DEPLOY, "status"], folder), [0, UNWELL])[0] for _ in range(LOOKS)]
        doctors = [timed(Command([DEPLOY, "doctor"], folder), [0, UNWELL])[0] for _ in range(LOOKS)]
        saved, _ = timed(Command([DEPLOY, "backup"], folder))
    return {
        "`deploy apply`": shown([took]),
        "each": shown([took / count]),
        "`deploy status`": shown(looks),
        "`deploy doctor`": shown(doctors),
        "`deploy backup` of all, with hardly any data": shown([saved]),
        "each of them": shown([saved / count]),
    }


if __name__ == "__main__":
    main()
