"""WordPress: its front page by our NGINX and pools, by the usual ones, and by Apache, in turn on one VPS."""

import re
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.measure import CHECKOUT, DEPLOY, Command, Failed, progress, timed
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

PACKAGES = ("curl", "mariadb-server", "nginx", "php-fpm", "php-mysql", "php-xml")
USUAL = CHECKOUT / "bench/usual/wordpress"
WAYS = {
    "deploy, cache: true": ("http://cached.test/", "php?.?-fpm", "mariadb"),
    "deploy": ("http://plain.test/", "php?.?-fpm", "mariadb"),
    "usual NGINX and pool": ("http://usual.test:8081/", "usual-fpm", "usual-mariadb"),
    "Apache, mod_php": ("http://usual.test:8082/", "apache2", "usual-mariadb"),
}
"""Where each is asked, and the units of its PHP and its database."""
SITES = """\
server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}
security: false
sites:
  cached.test: {{kind: wordpress, https: false, cache: true}}
  plain.test: {{kind: wordpress, https: false}}
"""
IDLE = "".join(f"  idle{number}.test: {{kind: php, https: false}}\n" for number in range(10))
SECONDS, ROUNDS, CONNECTIONS = 5, 3, 8
# what its page of set-up does
INSTALL = """define('WP_INSTALLING', true); require '/usr/share/wordpress/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Tea', 'alma', 'alma@example.org', true, '', 'none'); exit(0);"""
SPENT = """\
main=$(systemctl show --property=MainPID --value '{unit}.service' | grep -m 1 '[1-9]')
getconf CLK_TCK
cat /proc/$main/stat $(pgrep -P $main | sed 's|.*|/proc/&/stat|') | sed 's/.*) //' |
    awk '{{ ticks += $12 + $13 + $14 + $15 }} END {{ print ticks }}'"""
"""What a unit's processes, and those that it had, have used of the processor, in ticks of the clock."""
MEMORY = "for p in $(pgrep -f 'php-[f]pm: '); do awk '/^Pss:/ { print $2 }' /proc/$p/smaps_rollup; done"


class Figures(NamedTuple):
    """Requests a second, the milliseconds for 99 of 100, and those that PHP and MariaDB work for each."""

    rate: float
    slowest: float
    worked: float
    searched: float

    @property
    def both(self) -> float:
        """What PHP and the database work for each."""
        return self.worked + self.searched


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        machine.add_hosts(dict.fromkeys(("cached.test", "plain.test", "usual.test"), "127.0.0.1"))
        folder = Path(name)
        apply(machine, folder)
        prepare_usual(machine)
        figures = measure(machine)
        apply(machine, folder, IDLE)
        idle = idle_of(machine)
    best, plain, usual = (median(each.rate for each in figures[way]) for way in [*WAYS][:3])
    ours, theirs = (median(each.both for each in figures[way]) for way in [*WAYS][1:3])
    kept = {
        "WordPress, with the cache, against usual NGINX and pool": f"{best / usual:.1f}×",
        "WordPress, without it": f"{plain / usual:.2f}×",
        "WordPress, without it, by the time that PHP and MariaDB work": f"{theirs / ours:.2f}×",
    }
    publish("wordpress", [idle, results(figures)], options.write, kept)


def apply(machine: Machine, folder: Path, more: str = "") -> None:
    """Two sites of ours, set up; and more."""
    (folder / "sites.yaml").write_text(SITES.format(machine=machine) + more)
    progress("applying")
    timed(Command([DEPLOY, "apply", "--yes"], folder))
    for domain in ("cached.test", "plain.test"):
        set_up(machine, domain, f"php-{domain.replace('.', '_')}")


def set_up(machine: Machine, domain: str, user: str) -> None:
    """As its page of set-up does."""
    machine.run(f"runuser -u {user} -- env HTTP_HOST={domain} php", input=f"<?php {INSTALL}")


def prepare_usual(machine: Machine) -> None:
    """Debian's pool and its example for NGINX, and Apache with mod_php: of one site, without a cache."""
    progress("making the usual ones")
    shutil.copytree(USUAL, machine.root / "root/usual")
    machine.run("bash /root/usual/prepare", timeout=600)
    set_up(machine, "usual.test:8081", "www-data")


def measure(machine: Machine) -> dict[str, list[Figures]]:
    """All in each round, so that a change of the machine's mood meets all of them."""
    figures = defaultdict[str, list[Figures]](list)
    for turn in range(ROUNDS):
        for way, (url, *units) in WAYS.items():
            progress(f"{way}, round {turn + 1} of {ROUNDS}")
            # Set-up has found out that links such as /2026/11/30/hello-world/ work: all have the same page.
            machine.run(f"curl --silent --fail {url} | grep '<title>Tea' >/dev/null")
            machine.run(f"curl --silent --fail {url} | grep '/hello-world/' >/dev/null")
            load(machine, url, units, 2)
            figures[way].append(load(machine, url, units, SECONDS))
    return figures


def load(machine: Machine, url: str, units: list[str], seconds: int) -> Figures:
    """What eight visitors get in some seconds."""
    before = [spent(machine, unit) for unit in units]
    wrk = f"wrk --latency --threads 1 --connections {CONNECTIONS} --timeout 30s --duration {seconds}s {url}"
    said = machine.run(wrk).stdout
    worked = [spent(machine, unit) - was for unit, was in zip(units, before, strict=True)]
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failed(f"not every request was answered well:\n{said}")
    slowest, scale = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    rate = float(re.search(r"Requests/sec: +([\d.]+)", said).group(1))
    count = int(re.search(r"(\d+) requests in", said).group(1))
    milliseconds = float(slowest) * {"us": 0.001, "ms": 1, "s": 1000}[scale]
    return Figures(rate, milliseconds, *(1000 * seconds / count for seconds in worked))


def spent(machine: Machine, unit: str) -> float:
    """The seconds that a unit has used of the processor, since it began."""
    a_second, ticks = map(int, machine.run(SPENT.format(unit=unit)).stdout.split())
    return ticks / a_second


def idle_of(machine: Machine) -> str:
    """What ten sites on PHP cost that nobody asks for; the usual pool is none of them."""
    machine.run("systemctl stop usual-fpm")
    machine.run("until ! pgrep -f 'php-[f]pm: pool (idle|plain|cached)' >/dev/null; do sleep 0.2; done")
    pools = machine.run("pgrep -c -f 'php-fpm: pool [i]dle' || :").stdout.strip()
    kilobytes = sum(map(int, machine.run(MEMORY).stdout.split()))
    return (
        f"Ten sites of `kind: php` that nobody asks for: {pools} processes of theirs; PHP-FPM with all pools "
        f"takes {kilobytes / 1000:.0f} MB."
    )


def results(figures: dict[str, list[Figures]]) -> str:
    """A row for each way."""
    usual = median(each.rate for each in figures["usual NGINX and pool"])
    rows = []
    for way, found in figures.items():
        rates = [each.rate for each in found]
        rows.append(
            [
                way,
                f"{median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f})",
                f"{median(rates) / usual:.2f}×",
                f"{median(each.slowest for each in found):.1f} ms",
                f"{median(each.worked for each in found):.1f} ms",
                f"{median(each.searched for each in found):.1f} ms",
            ]
        )
    heads = [
        "requests/s of the front page",
        "against usual NGINX",
        "99 of 100 within",
        "PHP works",
        "MariaDB works",
    ]
    return table(["", *heads], rows)


if __name__ == "__main__":
    main()
