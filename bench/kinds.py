"""A site that becomes one of another kind, by deploy and by hand."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.asking import Visitor, errors
from bench.measure import DEPLOY, Command, progress, shown, timed
from bench.page import table
from bench.service import COMPOSE, Service
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

ROUNDS = 1
PROGRAM = 8199
"""The port of somebody's program, for the kind `proxy`."""
ANSWERS = {"redirect": 301}
WELL = frozenset({200, 301})
KINDS = ("static", "redirect", "proxy", "compose")
Figures = Mapping[tuple[str, str, str], list[float]]
"""The seconds of errors by way, and by what a site was and became."""


@dataclass(frozen=True)
class Changing:
    """A domain that is of all kinds in turn: what each needs is there."""

    machine: Machine
    folder: Path
    image: str
    domain: str
    port: int

    def prepare(self) -> None:
        """Put the folder of the static site on the server, and the compose file beside sites.yaml."""
        self.machine.run(f"mkdir -p /var/www/{self.domain} && echo page >/var/www/{self.domain}/index.html")
        (self.folder / f"{self.domain}.yml").write_text(self.compose)

    @property
    def compose(self) -> str:
        """Its compose file."""
        return COMPOSE.format(image=self.image, port=self.port)

    def keys(self, kind: str) -> dict[str, object]:
        """What sites.yaml says of it then."""
        own: dict[str, dict[str, object]] = {
            "static": {"repository": f"https://git.example.org/{self.domain}.git"},
            "redirect": {"to": "https://example.org"},
            "proxy": {"port": PROGRAM},
            "compose": {"file": f"{self.domain}.yml", "port": self.port, "wait": "40s", "watch": "0"},
        }
        return {"kind": kind, "https": False, **own[kind]}

    def block(self, kind: str) -> str:
        """The server block that a person writes for it."""
        inside = {
            "static": f"root /var/www/{self.domain};",
            "redirect": "return 301 https://example.org$request_uri;",
            "proxy": f"location / {{ proxy_pass http://127.0.0.1:{PROGRAM}; }}",
            "compose": f"location / {{ proxy_pass http://127.0.0.1:{self.port}; }}",
        }
        return f"server {{ listen 80; server_name {self.domain}; {inside[kind]} }}"

    def by_deploy(self, kind: str, before: str = "") -> Command:
        """Edit sites.yaml, and apply."""
        path = self.folder / "sites.yaml"
        config = json.loads(path.read_text())
        config["sites"][self.domain] = self.keys(kind)
        path.write_text(json.dumps(config))
        return Command([DEPLOY, "apply", "--yes"], self.folder)

    def by_hand(self, kind: str, before: str = "") -> Command:
        """What a person types: containers come up before NGINX leads there, and end after it."""
        file = f"/opt/{self.domain}/docker-compose.yml"
        compose = f"docker compose --file {file}"
        front = f"echo '{self.block(kind)}' >/etc/nginx/conf.d/{self.domain}.conf && nginx -s reload"
        begin = [f"mkdir -p /opt/{self.domain}", f"echo '{self.compose}' >{file}", f"{compose} up --detach"]
        lines = begin if kind == "compose" else []
        lines += [front, *([f"{compose} down"] if before == "compose" else [])]
        argv = [*ssh(self.machine.key, self.machine.known_hosts), f"root@{self.machine.address}"]
        return Command([*argv, " && ".join(lines)])


WAYS = {"deploy": Changing.by_deploy, "hand": Changing.by_hand}


def measured(stays: Service) -> Figures:
    """What each way costs the visitors of a site that becomes of every other kind."""
    figures = defaultdict[tuple[str, str, str], list[float]](list)
    sites = {
        way: Changing(stays.machine, stays.folder, stays.image, f"kind-{way}.example.org", port)
        for port, way in enumerate(WAYS, 8190)
    }
    program = f"systemd-run --quiet busybox httpd -f -p 127.0.0.1:{PROGRAM} -h"
    stays.machine.run(f"mkdir /srv/program && echo page >/srv/program/index.html && {program} /srv/program")
    for way, site in sites.items():
        site.prepare()
        timed(WAYS[way](site, KINDS[0]))
    for number in range(ROUNDS):
        for before, after in changes():
            for way, site in sites.items():
                progress(f"from {before} to {after}, {way}, round {number + 1} of {ROUNDS}")
                visitor = Visitor(site.machine.address, site.domain, WELL)
                command = WAYS[way](site, after, before)
                figures[way, before, after].append(errors(visitor, command, {ANSWERS.get(after, 200)}))
    return figures


def worst(figures: Figures) -> str:
    """The change that cost the visitors of deploy's site most."""
    return shown(max((each for (way, *_), each in figures.items() if way == "deploy"), key=sum))


def matrix(figures: Figures) -> str:
    """The medians of both ways, from each kind to each."""
    rows = [[f"from `{before}`", *(_cell(figures, before, after) for after in KINDS)] for before in KINDS]
    return table(["errors with `deploy apply` / by hand", *(f"to `{kind}`" for kind in KINDS)], rows)


def _cell(figures: Figures, before: str, after: str) -> str:
    if before == after:
        return ""
    return " / ".join(f"{median(figures[way, before, after]):.2f} s" for way in WAYS)


def changes() -> Iterator[tuple[str, str]]:
    """From every kind to every other and back to the first, each time from where the last one led to."""
    for number, first in enumerate(KINDS):
        for second in KINDS[number + 1 :]:
            yield from ((first, second), (second, first))
        yield first, KINDS[(number + 1) % len(KINDS)]
