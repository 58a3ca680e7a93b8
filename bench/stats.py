"""A gigabyte of NGINX's logs is counted: by the program of `deploy stats`, and by GoAccess."""

import tempfile
from pathlib import Path

from bench.contenders import ours
from bench.converge import packages
from bench.measure import CHECKOUT, Command, progress, shown, timed, times
from bench.night import SAMPLE
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

SITES = [f"site-{number}.example.org" for number in range(1, 5)]
LOGS = "/var/log/nginx"
LINES = 5_500_000  # about a gigabyte
ROUNDS = 3
TRAFFIC = "/usr/local/lib/deploy/bin/traffic"
GOACCESS = (
    "goaccess --no-global-config --no-progress --date-format=%d/%b/%Y --time-format=%T -o /root/report.json"
)
GOACCESS += """ --log-format='%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %T'"""


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=(*packages(), "goaccess")) as machine:
        timed(ours(machine, Path(name), SITES))
        (machine.root / "root/visits.awk").write_bytes((CHECKOUT / "bench/visits.awk").read_bytes())
        (machine.root / "root/sample.py").write_text(SAMPLE)
        figures = measure(machine)
    rows = [[what, shown(took), f"{memory / 1e6:.0f} MB"] for what, (took, memory) in figures.items()]
    one, theirs = figures["`deploy stats`, 1 GB, one site"][0], figures["GoAccess, 1 GB, one site"][0]
    kept = {
        "1 GB of logs of one site": shown(one).partition(" (")[0],
        "1 GB of logs, GoAccess against it": times(theirs, one),
    }
    publish("stats", [table(["", "time", "memory"], rows)], options.write, kept)


def measure(machine: Machine) -> dict[str, tuple[list[float], int]]:
    """What each took, in seconds, and the most memory of its processes together, in bytes."""
    found: dict[str, tuple[list[float], int]] = {}
    for what, sites in (("one site", SITES[:1]), (f"{len(SITES)} sites", SITES)):
        progress(f"writing a gigabyte of logs of {what}")
        machine.run(f"rm -rf {LOGS}/*.access.log /var/lib/deploy/traffic/*")
        for site in sites:
            begin = "begin=$(($(date +%s) - 29 * 86400))"
            awk = f"mawk -v begin=$begin -v lines={LINES // len(sites)} -f /root/visits.awk"
            machine.run(f"{begin}; TZ=UTC0 {awk} >{LOGS}/{site}.access.log", timeout=600)
        progress("counting")
        again = "rm -f /var/lib/deploy/traffic/*"
        found[f"`deploy stats`, 1 GB, {what}"] = run(machine, TRAFFIC, "traffic,mawk", again)
        log = f"{LOGS}/{sites[0]}.access.log"
        more = f"tail -n {LINES // 100} {log} >/root/more; cat /root/more >>{log}"
        found[f"`deploy stats`, 1 % more, {what}"] = run(machine, TRAFFIC, "traffic,mawk", more)
        if len(sites) == 1:
            command = f"{GOACCESS} {log}"
            found[f"GoAccess, 1 GB, {what}"] = run(machine, command, "goaccess", "rm -f /root/report.json", 1)
    return found


def run(
    machine: Machine, command: str, programs: str, before: str, rounds: int = ROUNDS
) -> tuple[list[float], int]:
    """The seconds of each round, and the most memory of these programs together."""
    login = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
    took, most = [], 0
    for _ in range(rounds):
        machine.run(f"{before}; rm -f /root/sample*.stop /root/sample; cat {LOGS}/*.access.log >/dev/null")
        machine.run(
            f"setsid python3 /root/sample.py {programs} /root/none /root/sample >/dev/null 2>&1 & sleep 0.3"
        )
        took.append(timed(Command([*login, f"nice -n -5 {command} >/root/said"]))[0])
        machine.run("touch /root/sample.stop; while [ ! -e /root/sample ]; do sleep 0.1; done")
        most = max(most, int(machine.run("cat /root/sample").stdout.split()[1]))
    return took, most


if __name__ == "__main__":
    main()
