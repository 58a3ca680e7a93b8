"""Converging a server with many static sites: deploy, pyinfra and Ansible, each on a fresh VPS."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.contenders import ansible, desired, install_peers, ours, pyinfra, versions
from bench.measure import Command, Failed, progress, seconds, shown, times
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

Contender = Callable[[Machine, Path, Sequence[str]], Command]
COUNTS = (5, 50, 500)
MANY = 500  # the peers take minutes for so many: only with --all, and once
TOOLS: dict[str, Contender] = {"deploy": ours, "pyinfra": pyinfra, "Ansible": ansible}
REPEATED = {"deploy": 5, "pyinfra": 3, "Ansible": 3}
WRITTEN = "find /etc/nginx /etc/deploy /usr/local/lib /var/lib/deploy -type f -newer /root/began 2>/dev/null"


def main() -> None:
    options = arguments(__doc__, all=f"pyinfra and Ansible with {MANY} sites too, which takes 20 minutes")
    install_peers()
    first, again = {}, {}
    for tool, contender in TOOLS.items():
        for count in COUNTS:
            if count < MANY or tool == "deploy" or options.all:
                progress(f"{tool}, {count} sites")
                repeated = 1 if count == MANY and tool != "deploy" else REPEATED[tool]
                first[tool, count], again[tool, count] = measured(contender, count, repeated)
    publish("converge", [f"{versions()}.", *tables(first, again), growth(first, again)], options.write)


def measured(contender: Contender, count: int, repeated: int) -> tuple[list[float], list[float]]:
    """Seconds of the first runs, each on a fresh machine, and of runs with nothing to do on the last one."""
    domains = [f"site-{number:03}.example.org" for number in range(1, count + 1)]
    first: list[float] = []
    for turn in range(repeated if contender is ours else 1):
        with tempfile.TemporaryDirectory() as name, Machine.boot(packages=packages()) as machine:
            command = contender(machine, Path(name), domains)
            first.append(seconds(command))
            _require(machine, count)
            if turn + 1 == (repeated if contender is ours else 1):
                machine.run("touch /root/began; sleep 1")
                again = [seconds(command) for _ in range(repeated)]
                if changed := machine.run(WRITTEN, check=False).stdout:
                    raise Failed(f"a run with nothing to do wrote {changed}")
    return first, again


def packages() -> list[str]:
    """Debian packages of the base image, so that no tool's time has apt's in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sites.yaml").write_text(
            "sites: {a.example.org: {kind: static, https: false, repository: https://git.example.org/a.git}}"
        )
        return sorted(desired(folder).packages)


def _require(machine: Machine, count: int) -> None:
    machine.run("nginx -t && systemctl is-active nginx")
    found = int(machine.run("ls /etc/nginx/conf.d/site-*.conf | wc -l").stdout)
    if found != count:
        raise Failed(f"{found} of {count} sites are on the server")


def tables(first: dict, again: dict) -> list[str]:
    """A table of each kind of run: a row a number of sites, a column a tool, and how many times as long."""
    return [_table("first run", first), _table("nothing to do", again)]


def _table(title: str, figures: dict) -> str:
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


def growth(first: dict, again: dict) -> str:
    """How much longer we take for the most sites than for the fewest."""
    few, many = ("deploy", COUNTS[0]), ("deploy", COUNTS[-1])
    return (
        f"deploy with {COUNTS[-1]} sites against {COUNTS[0]}: first run {times(first[many], first[few])}, "
        f"nothing to do {times(again[many], again[few])}."
    )


if __name__ == "__main__":
    main()
