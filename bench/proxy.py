"""A program behind a web server: how many of its answers our files, usual ones and Caddy pass on, over HTTPS.

The web server has a processor of its own; the visitors and the program, an NGINX with two files, share one.
"""

import html
import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import program
from bench.measure import CHECKOUT, DEPLOY, Command, progress, timed
from bench.page import arguments, publish, table
from bench.visitors import ASKED, CONNECTIONS, load
from bench.web_servers import SERVERS, prepare, said_versions, start
from deployer.rehearsal.machine import Machine

DOMAIN, PORT = "app.example.org", 3000
PATHS = {"1 KB of JSON": "/api.json", "100 KB of HTML": "/page.html"}
SECONDS, ROUNDS = 2, 5
PACKAGES = ("certbot", "curl", "jq", "libnginx-mod-http-brotli-filter", "logrotate", "nginx", "wrk")
OF_SERVER, OF_REST = 0, 1


@dataclass
class Answered:
    """Requests a second and processor seconds a request of each path, and the bytes of a body."""

    figures: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: {path: [] for path in PATHS.values()}
    )
    bytes: dict[str, int] = field(default_factory=dict)

    def rate(self, path: str) -> float:
        """Requests a second."""
        return median(rate for rate, _ in self.figures[path])

    def spent(self, path: str) -> float:
        """Processor seconds a request."""
        return median(spent for _, spent in self.figures[path])


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        run_program(machine)
        apply(machine, Path(name))
        folder = f"/etc/nginx/deploy/certificates/{DOMAIN}"
        prepare(machine, "proxy.conf", "Caddyfile.proxy", folder, OF_SERVER)
        figures = measure(machine)
        versions = said_versions(machine, [f"{CONNECTIONS} connections"])
    ours = figures["deploy"]
    kept = {
        f"{what} behind a proxy, against {peer}": f"{ours.rate(path) / figures[peer].rate(path):.2f}×"
        for what, path in PATHS.items()
        for peer in SERVERS[1:]
    }
    publish("proxy", [versions, results(figures)], options.write, kept)


def run_program(machine: Machine) -> None:
    """A program with the two answers: items as JSON, and a page of this project's documentation."""
    lines = "".join(page.read_text() for page in sorted((CHECKOUT / "docs").glob("*.md"))).splitlines()
    page = "<!DOCTYPE html>\n" + "".join(f"<p>{html.escape(line)}</p>\n" for line in lines if line)
    items = [{"id": number, "name": f"Item {number}", "price": number * 7.5} for number in range(40)]
    files = {
        "page.html": page.encode()[:100_000].decode(errors="ignore"),
        "api.json": json.dumps(items)[:1024],
        "index.html": "well",
    }
    program.run(machine, [PORT], files, OF_REST)


def apply(machine: Machine, folder: Path) -> None:
    """`deploy apply` of a site to compare."""
    sys.path.insert(0, str(CHECKOUT / "tests"))
    from outside.own_certificate import write_certificate

    write_certificate(folder / "own", DOMAIN)
    site = {"kind": "proxy", "port": PORT, "certificate": {"chain": "own.pem", "key": "own.key"}}
    reach = {"host": machine.address, "host_key": machine.host_key, "key": str(machine.key)}
    document = {"server": reach, "security": False, "sites": {DOMAIN: site}}
    (folder / "sites.yaml").write_text(json.dumps(document))
    timed(Command([DEPLOY, "apply", "--yes"], folder))
    machine.add_hosts({DOMAIN: "127.0.0.1"})


def measure(machine: Machine) -> dict[str, Answered]:
    """All servers in each round, so that a change of the machine's mood meets all of them."""
    found = {server: Answered() for server in SERVERS}
    for turn in range(ROUNDS):
        for server, answered in found.items():
            progress(f"{server}, round {turn + 1} of {ROUNDS}")
            start(machine, server)
            ask(machine, 1, "/api.json")
            for path, figures in answered.figures.items():
                answered.bytes[path] = bytes_of(machine, path)
                figures.append(ask(machine, SECONDS, path))
    return found


def ask(machine: Machine, seconds: int, path: str) -> tuple[float, float]:
    """Requests a second and processor seconds a request of the server."""
    return load(machine, seconds, url=f"https://{DOMAIN}{path}", by=f"taskset --cpu-list {OF_REST} wrk")


def bytes_of(machine: Machine, path: str) -> int:
    """The bytes of the answer's body, as it goes over the line."""
    asked = f"curl --silent --fail --insecure --output /dev/null {ASKED} --write-out '%{{size_download}}'"
    return int(machine.run(f"{asked} https://{DOMAIN}{path}").stdout)


def results(found: dict[str, Answered]) -> str:
    """A row for each server."""
    head, rows = [""], [[server] for server in found]
    for what, path in PATHS.items():
        head += [f"requests/s of {what}", "processor time of each", "bytes of it"]
        ours = found["deploy"].rate(path)
        for row, (server, answered) in zip(rows, found.items(), strict=True):
            rate = answered.rate(path)
            row += [
                f"{rate:.0f}" + ("" if server == "deploy" else f" ({ours / rate:.2f}×)"),
                f"{answered.spent(path) * 1e6:.0f} µs",
                f"{answered.bytes[path]:,}",
            ]
    return table(head, rows)


if __name__ == "__main__":
    main()
