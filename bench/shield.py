"""How long a shield takes, on and off, from a laptop and by the server itself, with stand-ins for Cloudflare.

Those answer at once; the proxy that stands before the server is in a network of its own on it.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from bench.measure import CHECKOUT, DEPLOY, Command, Failed, progress, seconds, shown
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

ROUNDS = 5
MOST = 10.0
NAME = "forum.example.org"
PROGRAM = "/usr/local/lib/deploy/bin/shield"


def main() -> None:
    options = arguments(__doc__)
    sys.path.insert(0, str(CHECKOUT / "tests"))
    from outside.cloudflare import Cloudflare
    from outside.own_certificate import write_certificate
    from outside.provider import TOKEN
    from vps.edge import stand_before

    os.environ["DNS_TOKEN"] = os.environ["SHIELD_TOKEN"] = TOKEN
    Cloudflare.listen = "0.0.0.0"
    taken: dict[str, list[float]] = {}
    asked: dict[str, int] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        Machine.boot(packages=("nginx", "certbot", "jq")) as machine,
        Cloudflare("example.org") as cloudflare,
    ):
        folder = Path(name)
        write_certificate(folder / "own", NAME)
        prepare(folder, machine, cloudflare.address)
        way = f"/usr/lib/systemd/systemd-socket-proxyd {machine.network.host}:{cloudflare.port}"
        there = f"127.0.0.1:{cloudflare.port}"
        machine.run(f"systemd-run --unit provider --socket-property ListenStream={there} {way}")
        seconds(Command([DEPLOY, "apply", "--yes"], folder))
        stand_before(machine, NAME)
        ssh = ["ssh", "-F", "none", "-i", str(machine.key), "-o", f"UserKnownHostsFile={machine.known_hosts}"]
        by_itself = [*ssh, f"root@{machine.address}", PROGRAM, NAME]
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS}")
            for what, argv in (
                ("`deploy shield on`", [DEPLOY, "shield", NAME, "on", "--under-attack"]),
                ("`deploy shield off`", [DEPLOY, "shield", NAME, "off"]),
                ("by the server itself, on", [*by_itself, "on", "--under-attack"]),
                ("by the server itself, off", [*by_itself, "off"]),
            ):
                before = len(cloudflare.asked)
                taken.setdefault(what, []).append(seconds(Command(argv, folder)))
                asked[what] = len(cloudflare.asked) - before
    slowest = max(max(each) for each in taken.values())
    if slowest > MOST:
        raise Failed(f"one took {slowest:.1f} s, and may take {MOST:.0f}")
    rows = [[what, shown(figures), str(asked[what])] for what, figures in taken.items()]
    head = [f"median of {ROUNDS} (fastest–slowest)", "time", "requests to Cloudflare"]
    results = {what: shown(figures) for what, figures in taken.items() if what == "`deploy shield on`"}
    publish("shield", [table(head, rows)], options.write, results)


def prepare(folder: Path, machine: Machine, endpoint: str) -> None:
    """A sites.yaml with one site, whose zone is at the stand-in."""
    reach = {"host": machine.address, "host_key": machine.host_key, "key": str(machine.key)}
    dns = {
        "provider": "cloudflare",
        "token": "env:DNS_TOKEN",
        "shield": "env:SHIELD_TOKEN",
        "endpoint": endpoint,
        "address": "203.0.113.7",
    }
    own = {"chain": "own.pem", "key": "own.key"}
    site = {"kind": "redirect", "to": "https://www.example.org", "certificate": own, "shield": "auto"}
    document = {"server": reach, "security": False, "dns": dns, "sites": {NAME: site}}
    (folder / "sites.yaml").write_text(json.dumps(document))


if __name__ == "__main__":
    main()
