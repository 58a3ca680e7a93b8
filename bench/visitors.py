"""What visitors of the blog get and cost: they ask from the VPS itself, so that no network is measured."""

import re

from bench.image_site import DOMAIN
from bench.measure import Failed
from deployer.rehearsal.machine import Machine

CONNECTIONS = 32
ASKED = "--header 'Accept-Encoding: br, gzip'"
STATISTICS = "cat $(pgrep -x 'nginx|caddy' | sed 's|.*|/proc/&/stat|')"
PROCESSOR_TIME = f"{STATISTICS} | cut -d' ' -f14,15; getconf CLK_TCK"


def bytes_of(machine: Machine, paths: list[str]) -> int:
    """The bytes of all answers' bodies, as they go over the line."""
    asked = f"curl --silent --insecure {ASKED} --write-out '%{{http_code}} %{{size_download}}\\n'"
    urls = "".join(f"url = https://{DOMAIN}{path}\noutput = /dev/null\n" for path in paths)
    answers = [line.split() for line in machine.run(f"{asked} --config -", input=urls).stdout.splitlines()]
    if len(answers) != len(paths) or any(status != "200" for status, _ in answers):
        raise Failed(f"not every page was served: {answers}")
    return sum(int(size) for _, size in answers)


def load(
    machine: Machine, seconds: int, script: str = "", url: str = f"https://{DOMAIN}/", by: str = "wrk"
) -> tuple[float, float]:
    """Requests a second and processor seconds a request; wrk runs on the VPS, over connections that stay."""
    wrk = f"{by} --threads 1 --connections {CONNECTIONS} --duration {seconds}s {ASKED} {script}"
    before = processor_seconds(machine)
    said = machine.run(f"{wrk} {url}").stdout
    spent = processor_seconds(machine) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failed(f"not every request was answered well:\n{said}")
    count = int(re.search(r"(\d+) requests in", said).group(1))
    return float(re.search(r"Requests/sec: +([\d.]+)", said).group(1)), spent / count


def processor_seconds(machine: Machine) -> float:
    """What the server's processes have used since they began."""
    *ticks, a_second = map(int, machine.run(PROCESSOR_TIME).stdout.split())
    return sum(ticks) / a_second
