"""What runs on the server itself: an apply with nothing to do, and what an upgrade of Gitea costs visitors.

GITEA_BINARY names a real Gitea, GITEA_BINARY_BEFORE an older one; without them a stand-in is measured.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.asking import Visitor, errors
from bench.measure import CHECKOUT, DEPLOY, Command, Failed, progress, seconds, shown
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

PACKAGES = ("curl", "git", "jq", "logrotate", "nginx", "php-fpm", "python3", "rsync", "sqlite3")
DOMAIN = "git.example.org"
SITES, RUNS, UPGRADES = 10, 25, 3
LIMIT = 1.15
"""How many times as long a run with nothing to do may take as with as many static sites."""
STATIC, METAL = f"{SITES + 1} static sites", f"{SITES} sites of `kind: php` and a Gitea"
APPLY = [DEPLOY, "apply", "--yes"]


def main() -> None:
    options = arguments(__doc__)
    programs, what = found()
    with ExitStack() as opened:
        folders = {}
        for name, sites in {STATIC: static(), METAL: metal()}.items():
            machine = opened.enter_context(Machine.boot(packages=PACKAGES))
            folders[name] = Site(machine, Path(opened.enter_context(tempfile.TemporaryDirectory())), programs)
            progress(f"{name}: the first run")
            folders[name].apply(sites, "old")
        figures = idle(folders)
        waited = upgrades(folders[METAL])
    ratio = median(figures[METAL]) / median(figures[STATIC])
    rows = [[name, shown(each)] for name, each in figures.items()]
    rows.append(["", f"{ratio:.2f}×"])
    parts = [
        table(["`deploy apply` with nothing to do", "time"], rows),
        table([f"an upgrade of {what}", ""], [["requests for its front page fail for", shown(waited)]]),
    ]
    kept = {
        "nothing to do, PHP and Gitea against static sites": f"{ratio:.2f}×",
        f"errors in an upgrade of {what}": shown(waited),
    }
    publish("metal", parts, options.write, kept)
    if ratio > LIMIT:
        raise Failed(f"a run with nothing to do takes {ratio:.2f} times as long, and {LIMIT} is the limit")


def found() -> tuple[dict[str, bytes], str]:
    """An older and a newer program, and what they are."""
    newer, older = (os.environ.get(name) for name in ("GITEA_BINARY", "GITEA_BINARY_BEFORE"))
    if newer and older:
        return {"old": Path(older).read_bytes(), "new": Path(newer).read_bytes()}, "Gitea, 1.25 to 1.26"
    text = (CHECKOUT / "tests/vps/gitea/stand_in.py").read_text()
    old = text.replace("SCHEMA = 331", "SCHEMA = 324")
    return {"old": old.encode(), "new": text.encode()}, "a stand-in for Gitea"


class Site:
    """A server, and the folder of whoever applies."""

    def __init__(self, machine: Machine, folder: Path, programs: Mapping[str, bytes]) -> None:
        self.machine, self.folder, self.programs = machine, folder, programs
        for name, content in programs.items():
            (folder / name).write_bytes(content)

    def apply(self, sites: Mapping[str, Mapping[str, object]], program: str) -> None:
        """Bring the server to this, with that program as its Gitea, if it has one."""
        seconds(self.command(sites, program))

    def command(self, sites: Mapping[str, Mapping[str, object]], program: str) -> Command:
        """The apply that does, whose file is written."""
        server = {
            "host": self.machine.address,
            "host_key": self.machine.host_key,
            "key": str(self.machine.key),
        }
        wanted = {name: dict(site) for name, site in sites.items()}
        if DOMAIN in wanted:
            version = {"old": "1.25.0", "new": "1.26.0"}[program]
            digest = hashlib.sha256(self.programs[program]).hexdigest()
            wanted[DOMAIN] |= {"version": version, "sha256": digest, "binary": program}
        config = {"server": server, "security": False, "sites": wanted}
        (self.folder / "sites.yaml").write_text(json.dumps(config))
        return Command(APPLY, self.folder)


def static() -> dict[str, dict[str, object]]:
    """As many sites as the others are."""
    return {
        f"site-{number}.example.org": {
            "kind": "static",
            "https": False,
            "repository": "https://git.example.org/a.git",
        }
        for number in range(SITES + 1)
    }


def metal() -> dict[str, dict[str, object]]:
    """Sites on PHP, and a Gitea."""
    php = {f"site-{number}.example.org": {"kind": "php", "https": False} for number in range(SITES)}
    return {**php, DOMAIN: {"kind": "gitea", "email": "me@example.org", "https": False}}


def idle(folders: Mapping[str, Site]) -> dict[str, list[float]]:
    """Seconds of runs with nothing to do, by turns, so that a change of the machine's mood meets both."""
    figures: dict[str, list[float]] = {name: [] for name in folders}
    for site in folders.values():
        seconds(Command(APPLY, site.folder))
    for number in range(RUNS):
        progress(f"nothing to do, round {number + 1} of {RUNS}")
        for name, site in folders.items():
            figures[name].append(seconds(Command(APPLY, site.folder)))
    return figures


def upgrades(site: Site) -> list[float]:
    """Seconds of requests that fail, in each of some upgrades."""
    waited = []
    for number in range(UPGRADES):
        progress(f"upgrade {number + 1} of {UPGRADES}")
        if number:  # no version goes back on its own database
            site.machine.run(f"systemctl stop deploy-gitea-{DOMAIN}; rm -r /opt/{DOMAIN}")
            site.apply(metal(), "old")
        waited.append(errors(Visitor(site.machine.address, DOMAIN), site.command(metal(), "new")))
    return waited


if __name__ == "__main__":
    main()
