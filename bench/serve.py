"""Serving the blog to browsers over HTTPS: our NGINX files, the usual one and Caddy, in turn on one VPS."""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.image_site import DOMAIN, ImageSite
from bench.measure import progress, timed
from bench.page import arguments, publish, table
from bench.visitors import CONNECTIONS, bytes_of, load
from bench.web_servers import SERVERS, prepare, said_versions, start
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine

ROOT = "/var/www/usual.example.org"
SECONDS, ROUNDS = 4, 3
LOAD = """\
local paths = {{ {paths} }}
local next = 0
request = function()
    next = next % #paths + 1
    return wrk.format("GET", paths[next])
end
"""


@dataclass
class Served:
    """Requests a second and processor seconds a request, of the front page and of all texts in turn."""

    front: list[tuple[float, float]] = field(default_factory=list)
    texts: list[tuple[float, float]] = field(default_factory=list)
    size: int = 0


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name:
        site = ImageSite.prepare(Path(name))
        with site.machine as machine, AcmeServer.start(machine) as acme:
            site.use_https(acme)
            progress("publishing")
            timed(site.publish())
            prepare_others(site)
            paths = text_paths(machine)
            (machine.root / "root/load.lua").write_text(LOAD.format(paths=str(paths)[1:-1]))
            figures = measure(machine, paths)
            versions = said_versions(machine, [f"{CONNECTIONS} connections"])
    kept = {f"front page over HTTPS, against {peer}": against(figures, peer) for peer in SERVERS[1:]}
    publish("serve", [versions, results(figures, len(paths))], options.write, kept)


def prepare_others(site: ImageSite) -> None:
    """What Hugo alone makes of the same commit, and the files of the others, with the same certificate."""
    machine = site.machine
    site.clone("/root/source")
    machine.run(f"cd /root/source && hugo --minify --destination {ROOT}")
    prepare(machine, "nginx.conf", "Caddyfile", f"/etc/letsencrypt/live/{DOMAIN}")


def text_paths(machine: Machine) -> list[str]:
    """The path of every page and other text that Hugo has made."""
    names = "-name '*.html' -o -name '*.xml' -o -name '*.css' -o -name '*.txt'"
    found = machine.run(f"cd {ROOT} && find . -type f \\( {names} \\) | sort").stdout.split()
    return [re.sub(r"index\.html$", "", path[1:]) for path in found]


def measure(machine: Machine, paths: list[str]) -> dict[str, Served]:
    """All servers in each round, so that a change of the machine's mood meets all of them."""
    figures = {server: Served() for server in SERVERS}
    for turn in range(ROUNDS):
        for server, served in figures.items():
            progress(f"{server}, round {turn + 1} of {ROUNDS}")
            start(machine, server)
            served.size = bytes_of(machine, paths)
            load(machine, 1)
            served.front.append(load(machine, SECONDS))
            served.texts.append(load(machine, SECONDS, "--script /root/load.lua"))
    return figures


def results(figures: dict[str, Served], count: int) -> str:
    """A row for each server."""
    ours = figures["deploy"]
    rows = [
        [
            server,
            cell(served.front, ours.front),
            cell(served.texts, ours.texts),
            f"{median(spent for _, spent in served.front) * 1e6:.0f} µs",
            f"{served.size / 1000:.0f} kB",
        ]
        for server, served in figures.items()
    ]
    of_texts = f"of all {count} texts in turn"
    head = ["", "requests/s of the front page", of_texts, "processor time a front page", "bytes of all texts"]
    return table(head, rows)


def against(figures: dict[str, Served], peer: str) -> str:
    """How many times as many front pages a second we serve."""
    ours, theirs = (median(rate for rate, _ in figures[server].front) for server in ("deploy", peer))
    return f"{ours / theirs:.1f}×"


def cell(measured: list[tuple[float, float]], ours: list[tuple[float, float]]) -> str:
    """Requests a second, and how many times as many ours are."""
    theirs, mine = (median(rate for rate, _ in figures) for figures in (measured, ours))
    return f"{theirs:.0f}" + ("" if measured is ours else f" ({mine / theirs:.1f}×)")


if __name__ == "__main__":
    main()
