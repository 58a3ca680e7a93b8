"""Converging a server with many static sites: deploy, pyinfra and Ansible, each on a fresh VPS."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.contenders import ansible, bare_login, desired, install_peers, ours, pyinfra, versions
from bench.measure import Command, Failed, progress, seconds, shown, times
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

Figures = dict[tuple[str, int], list[float]]
"""The seconds of each run, by the tool and the number of sites."""
Contender = Callable[[Machine, Path, Sequence[str]], Command]
COUNTS = (5, 50, 500)
MANY = 500  # the peers take minutes for so many: only with --all, and once
TOOLS: dict[str, Contender] = {"deploy": ours, "pyinfra": pyinfra, "Ansible": ansible}
TURNS = {"deploy": 7, "pyinfra": 1, "Ansible": 1}  # each on a fresh machine
REPEATED = {"deploy": 2, "pyinfra": 3, "Ansible": 3}  # runs with nothing to do, in each turn
WRITTEN = "find /etc/nginx /etc/deploy /usr/local/lib /var/lib/deploy -type f -newer /root/began 2>/dev/null"


def main() -> None:
    options = arguments(__doc__, all=f"pyinfra and Ansible with {MANY} sites too: 20 minutes")
    install_peers()
    first: Figures = {}
    again: Figures = {}
    bare: Figures = {}
    for tool, turn in turns():  # all counts in each, so that a change of the machine's mood meets all
        for count in COUNTS:
            if count == MANY and tool != "deploy" and not options.all:
                continue
            progress(f"{tool}, {count} sites, turn {turn} of {TURNS[tool]}")
            took, others, logins = measured(tool, count)
            first.setdefault((tool, count), []).append(took)
            again.setdefault((tool, count), []).extend(others)
            bare.setdefault((tool, count), []).extend(logins)
    parts = [
        f"{versions()}.",
        *tables(first, again),
        growth(first, again),
        login(again, bare),
        left_out(again),
    ]
    publish("converge", parts, options.write, results(first, again, bare))


def turns() -> list[tuple[str, int]]:
    """Every tool and its turn: the others in the middle of ours, whose machine is then in their mood."""
    ours, *others = [[(tool, turn + 1) for turn in range(count)] for tool, count in TURNS.items()]
    half = len(ours) // 2
    return [*ours[:half], *(turn for tool in others for turn in tool), *ours[half:]]


def measured(tool: str, count: int) -> tuple[float, list[float], list[float]]:
    """Seconds of the first run on a fresh machine, of runs with nothing to do after it, of bare logins."""
    domains = [f"site-{number:03}.example.org" for number in range(1, count + 1)]
    repeated = 1 if count == MANY and tool != "deploy" else REPEATED[tool]
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=packages()) as machine:
        command = TOOLS[tool](machine, Path(name), domains)
        machine.run("systemctl is-system-running --wait", check=False)
        os.sync()  # what the machine before has written and removed is not this one's work
        first = seconds(command)
        _require(machine, count)
        machine.run("touch /root/began; sleep 1")
        again, logins = [], []
        for _ in range(repeated):
            logins.append(seconds(bare_login(machine)))
            again.append(seconds(command))
        if changed := machine.run(WRITTEN, check=False).stdout:
            raise Failed(f"a run with nothing to do wrote {changed}")
    return first, again, logins


def packages() -> list[str]:
    """Debian packages of the base image, so that no tool's time has apt's in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sites.yaml").write_text(
            "security: false\n"
            "sites: {a.example.org: {kind: static, https: false, repository: https://git.example.org/a.git}}"
        )
        return sorted(desired(folder).packages)


def _require(machine: Machine, count: int) -> None:
    machine.run("nginx -t && systemctl is-active nginx")
    found = int(machine.run("ls /etc/nginx/conf.d/site-*.conf | wc -l").stdout)
    if found != count:
        raise Failed(f"{found} of {count} sites are on the server")


def tables(first: Figures, again: Figures) -> list[str]:
    """A table of each kind of run: a row a number of sites, a column a tool, and how many times as long."""
    return [_table("first run", first), _table("nothing to do", again)]


def _table(title: str, figures: Figures) -> str:
    rows = []
    for count in COUNTS:
        row = [f"{count} sites"]
        for tool in TOOLS:
            if found := figures.get((tool, count)):
                ratio = "" if tool == "deploy" else f" ({times(found, figures['deploy', count])})"
                row.append(shown(found) + ratio)
            else:
                row.append("not run")
        rows.append(row)
    return table([title, *TOOLS], rows)


def growth(first: Figures, again: Figures) -> str:
    """How much longer we take for the most sites than for the fewest."""
    few, many = ("deploy", COUNTS[0]), ("deploy", COUNTS[-1])
    return (
        f"deploy with {COUNTS[-1]} sites against {COUNTS[0]}: first run {times(first[many], first[few])}, "
        f"nothing to do {times(again[many], again[few])}."
    )


def login(again: Figures, bare: Figures) -> str:
    """How much longer we take with nothing to do than a login that does nothing."""
    few, some = ("deploy", COUNTS[0]), ("deploy", COUNTS[1])
    return (
        f"`ssh HOST true`, called between those runs, takes {shown(bare[some])}: "
        f"with nothing to do, deploy takes {times(again[few], bare[few])} of that with {COUNTS[0]} sites, "
        f"{times(again[some], bare[some])} with {COUNTS[1]}."
    )


def left_out(again: Figures) -> str:
    """What was not run, in a sentence; empty when all was."""
    if ("Ansible", MANY) in again:
        return f"The peers' figures for {MANY} sites are of one run each."
    return (
        f"pyinfra and Ansible with {MANY} sites are left out: both take minutes for each run. "
        "`bench/run converge --all` runs them too."
    )


def results(first: Figures, again: Figures, bare: Figures) -> dict[str, str]:
    """What is kept of each run of this benchmark."""
    kept = {
        f"nothing to do, 50 sites, against {tool}": times(again[tool, 50], again["deploy", 50])
        for tool in TOOLS
        if tool != "deploy"
    }
    some = ("deploy", 50)
    kept["nothing to do, 50 sites, against `ssh HOST true`"] = times(again[some], bare[some])
    few, many = ("deploy", COUNTS[0]), ("deploy", COUNTS[-1])
    kept["500 sites against 5, nothing to do"] = times(again[many], again[few])
    kept["500 sites against 5, first run"] = times(first[many], first[few])
    return kept


if __name__ == "__main__":
    main()
