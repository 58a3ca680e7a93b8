"""How long a request to a program takes with a waiting room before it, and without one."""

import http.client
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

from bench import program
from bench.measure import DEPLOY, Command, progress, timed
from deployer.rehearsal.machine import Machine

WITH, WITHOUT = "with.example.org", "without.example.org"
PORTS = {WITH: 3001, WITHOUT: 3002}
PACKAGES = (
    "certbot",
    "curl",
    "jq",
    "libnginx-mod-http-brotli-filter",
    "logrotate",
    "nginx",
    "strace",
    "valgrind",
)
BATCHES, BATCH = 400, 50
FEW, MANY = 100, 1100
PROGRAM_ON = 1
ONE_WORKER = (
    "sed -i 's/^worker_processes .*/worker_processes 1;/' /etc/nginx/nginx.conf; systemctl restart nginx"
)
UNDER_VALGRIND = (
    "valgrind --tool=callgrind --callgrind-out-file=/dev/null nginx -g 'daemon off; master_process off;'"
)
COUNT = f"""
systemctl stop nginx
{UNDER_VALGRIND} 2>/root/counted &
until curl -so /dev/null -H 'Host: {{name}}' 127.0.0.1; do sleep 0.2; done
curl -sS -o /dev/null -H 'Host: {{name}}' 'http://127.0.0.1/?[1-{{requests}}]'
kill -QUIT $!; wait $!
systemctl start nginx
grep 'Collected :' /root/counted
"""


def measured() -> tuple[str, dict[str, str]]:
    """What there is to say of it, and how many times as long it takes."""
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        program.run(machine, [*PORTS.values()], {"index.html": "well"}, PROGRAM_ON)
        apply(machine, Path(name))
        machine.run(ONE_WORKER)
        with_room, without = medians(machine)
        instructions = {name: count(machine, name) for name in PORTS}
    ratio, more = with_room / without, instructions[WITH] / instructions[WITHOUT]
    said = (
        f"A request takes {with_room * 1000:.3f} ms with a waiting room and {without * 1000:.3f} ms without "
        f"one (`hold: 0`): {ratio:.3f} times as long (medians of {BATCHES * BATCH:,}, in turns). "
        f"NGINX executes {instructions[WITH]:,.0f} instructions for it, and {instructions[WITHOUT]:,.0f} "
        f"without: {more:.3f} times as many, however busy the machine is."
    )
    kept = {"a request with a waiting room": ratio, "instructions of NGINX for it": more}
    return said, {what: f"{figure:.3f}×" for what, figure in kept.items()}


def apply(machine: Machine, folder: Path) -> None:
    """`deploy apply` of one site with a waiting room and one without."""
    site = {"kind": "proxy", "https": False}
    sites = {WITH: site | {"port": PORTS[WITH]}, WITHOUT: site | {"port": PORTS[WITHOUT], "hold": "0"}}
    reach = {"host": machine.address, "host_key": machine.host_key, "key": str(machine.key)}
    document = {"server": reach, "security": False, "sites": sites}
    (folder / "sites.yaml").write_text(json.dumps(document))
    timed(Command([DEPLOY, "apply", "--yes"], folder))


def medians(machine: Machine) -> tuple[float, float]:
    """Seconds of a request with and without, by turns, so that both meet the machine in the same mood.

    The connections are new ones for each batch, and by turns another is asked first.
    """
    progress("how long a request takes")
    took: dict[str, list[float]] = {name: [] for name in PORTS}
    for batch in range(BATCHES):
        names = sorted(PORTS, reverse=batch % 2 == 1)
        lines = {name: http.client.HTTPConnection(machine.address) for name in names}
        for _ in range(BATCH):
            for name, line in lines.items():
                began = time.perf_counter()
                line.request("GET", "/", headers={"Host": name})
                line.getresponse().read()
                took[name].append(time.perf_counter() - began)
        for line in lines.values():
            line.close()
    return statistics.median(took[WITH]), statistics.median(took[WITHOUT])


def count(machine: Machine, name: str) -> float:
    """Instructions of NGINX for one more request, over a connection that stays."""
    progress(f"instructions of a request, {name}")
    few, many = (
        int(
            re.search(
                r"Collected : (\d+)", machine.run(COUNT.format(name=name, requests=requests)).stdout
            ).group(1)
        )
        for requests in (FEW, MANY)
    )
    return (many - few) / (MANY - FEW)
