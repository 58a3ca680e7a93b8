"""WordPress: its front page by our NGINX and pools, by the usual ones, and by Apache, in turn on one VPS."""

import re
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from bench.measure import CHECKOUT, DEPLOY, Command, Failed, progress, timed
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

PACKAGES = ("curl", "mariadb-server", "nginx", "php-fpm", "php-mysql", "php-xml")
USUAL = CHECKOUT / "bench/usual/wordpress"
WAYS = {
    "deploy, cache: true": "http://cached.test/",
    "deploy": "http://plain.test/",
    "usual NGINX and pool": "http://usual.test:8081/",
    "Apache, mod_php": "http://usual.test:8082/",
}
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
MEMORY = "for p in $(pgrep -f 'php-[f]pm: '); do awk '/^Pss:/ { print $2 }' /proc/$p/smaps_rollup; done"


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
    best, plain, usual = (median(rate for rate, _ in figures[way]) for way in [*WAYS][:3])
    kept = {
        "WordPress, with the cache, against usual NGINX and pool": f"{best / usual:.1f}×",
        "WordPress, without it": f"{plain / usual:.2f}×",
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
    set_up(machine, "usual.test", "www-data")


def measure(machine: Machine) -> dict[str, list[tuple[float, float]]]:
    """All in each round, so that a change of the machine's mood meets all of them."""
    figures = defaultdict[str, list[tuple[float, float]]](list)
    for turn in range(ROUNDS):
        for way, url in WAYS.items():
            progress(f"{way}, round {turn + 1} of {ROUNDS}")
            machine.run(f"curl --silent --fail {url} | grep -q '<title>Tea'")
            load(machine, url, 2)
            figures[way].append(load(machine, url, SECONDS))
    return figures


def load(machine: Machine, url: str, seconds: int) -> tuple[float, float]:
    """Requests a second, and the milliseconds within which 99 of 100 were answered."""
    wrk = f"wrk --latency --threads 1 --connections {CONNECTIONS} --timeout 30s --duration {seconds}s {url}"
    said = machine.run(wrk).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failed(f"not every request was answered well:\n{said}")
    slowest, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    rate = float(re.search(r"Requests/sec: +([\d.]+)", said).group(1))
    return rate, float(slowest) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


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


def results(figures: dict[str, list[tuple[float, float]]]) -> str:
    """A row for each way."""
    usual = median(rate for rate, _ in figures["usual NGINX and pool"])
    rows = []
    for way, found in figures.items():
        rates, slowest = zip(*found, strict=True)
        rows.append(
            [
                way,
                f"{median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f})",
                f"{median(rates) / usual:.2f}×",
                f"{median(slowest):.1f} ms",
            ]
        )
    return table(["", "requests/s of the front page", "against usual NGINX", "99 of 100 within"], rows)


if __name__ == "__main__":
    main()
