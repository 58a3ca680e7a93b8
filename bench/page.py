"""The page docs/benchmarks.md: each benchmark replaces its own part, between its two markers."""

import argparse
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import CHECKOUT

PAGE = CHECKOUT / "docs/benchmarks.md"


def arguments(purpose: str, **switches: str) -> argparse.Namespace:
    """The command line that every benchmark has, and its own switches with their help."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    for name, text in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    return parser.parse_args()


def publish(name: str, parts: Sequence[str], write: bool) -> None:
    """Print a result, and put it into the page if asked to."""
    text = "\n\n".join([*parts, conditions()])
    print(f"\n{text}\n")
    if write:
        page = PAGE.read_text()
        begin, end = f"<!-- {name}: written by bench/run -->", f"<!-- end of {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align, *rows])


def conditions() -> str:
    """When and on what a figure was measured."""
    memory = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024**2
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return (
        f"*{time.strftime('%d %B %Y').lstrip('0')}, {processor()}, {cores} cores, {memory} GiB of memory, "
        f"{system}, Linux {platform.release()}, Python {platform.python_version()}.*"
    )


def processor() -> str:
    """The name of this machine's processor."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found.group(1).strip() if found else platform.machine()
