"""What visitors of a site on PHP wait for while another site of the server is in endless loops."""

import json
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.asking import Visitor, until
from bench.measure import DEPLOY, Command, Failed, progress, shown, timed
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

PACKAGES = ("curl", "jq", "logrotate", "nginx", "php-fpm", "rsync")
LOOPS, ROUNDS, SECONDS = 5, 3, 5
LOOPING, ASKED = "loops.example.org", "shop.example.org"
PAGE = "<?php $sum = 0; for ($i = 0; $i < 100000; $i++) $sum += sqrt($i); echo $sum;"
LOOP = "<?php set_time_limit(0); while (true);"
LIMIT = 2.0
"""How many times as long an answer may take at most because another site loops."""


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        prepare(machine, Path(name))
        figures: dict[str, list[float]] = {}
        for number in range(ROUNDS):
            for way, hold_back in {
                "as deploy has it": "start",
                "without what holds loops back": "stop",
            }.items():
                progress(f"{way}, round {number + 1} of {ROUNDS}")
                machine.run(f"systemctl {hold_back} deploy-hold-back.path")
                figures.setdefault("nobody loops", []).append(slow(machine))
                figures.setdefault(f"{LOOPS} loops, {way}", []).append(looped(machine))
    base = median(figures["nobody loops"])
    rows = [[what, shown(each), f"{median(each) / base:.1f}×"] for what, each in figures.items()]
    held = median(figures[f"{LOOPS} loops, as deploy has it"]) / base
    publish(
        "loops",
        [table(["the slowest of a hundred answers of another site", "takes", ""], rows)],
        options.write,
        {"answers of others while a site of PHP loops": f"{held:.1f}×"},
    )
    if held >= LIMIT:
        raise Failed(f"others wait {held:.1f} times as long, and {LIMIT:.0f} is the limit")


def prepare(machine: Machine, folder: Path) -> None:
    """Two sites on PHP: one loops, the other works for some milliseconds on its page."""
    site = {"kind": "php", "https": False, "processes": LOOPS}
    server = {"host": machine.address, "host_key": machine.host_key, "key": str(machine.key)}
    config = {"server": server, "security": False, "sites": {LOOPING: site, ASKED: site}}
    (folder / "sites.yaml").write_text(json.dumps(config))
    timed(Command([DEPLOY, "apply", "--yes"], folder))
    for domain, text in {LOOPING: LOOP, ASKED: PAGE}.items():
        (machine.root / f"var/www/{domain}/index.php").write_text(text)


def slow(machine: Machine) -> float:
    """How long the slowest of a hundred answers takes: all but one of a hundred are faster."""
    visitor = Visitor(machine.address, ASKED)
    with visitor:
        until(lambda: visitor.is_served(0.5), f"{ASKED} is not served", 20)
        visitor.answers.clear()
        time.sleep(SECONDS)
    took = sorted(took for _, took, status in visitor.answers if status in visitor.well)
    if len(took) < len(visitor.answers):
        raise Failed(f"{len(visitor.answers) - len(took)} answers were errors")
    return took[int(len(took) * 0.99)]


def looped(machine: Machine) -> float:
    """The same while the other site loops in all its processes, from two seconds after that began."""
    ask = f"curl -s -o /dev/null -m 60 -H 'Host: {LOOPING}' http://127.0.0.1/"
    machine.run(f"for _ in {{1..{LOOPS}}}; do ({ask}) >/dev/null 2>&1 & done; sleep 2")
    try:
        return slow(machine)
    finally:
        machine.run("pkill -KILL -u php-loops_example_org; sleep 1")


if __name__ == "__main__":
    main()
