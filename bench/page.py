"""The page docs/benchmarks.md: each benchmark replaces its own part, between its two markers."""

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure import CHECKOUT

PAGE = CHECKOUT / "docs/benchmarks.md"
RUNS = CHECKOUT / "bench/runs.json"
LOAD = os.getloadavg()[0]  # before anything is measured


def arguments(
    purpose: str, words: Mapping[str, str] | None = None, parts: Sequence[str] = (), **switches: str
) -> argparse.Namespace:
    """The command line that every benchmark has, and its own switches, options with their help, and parts."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    for name, text in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    for name, text in (words or {}).items():
        parser.add_argument(f"--{name}", default="", help=text)
    if not parts:
        return parser.parse_args()
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; without any, all")
    options = parser.parse_args()
    if not set(options.parts) <= set(parts):
        parser.error(f"there are the parts {', '.join(parts)}")
    options.parts = options.parts or list(parts)
    return options


def publish(name: str, parts: Sequence[str], write: bool, results: Mapping[str, str] | None = None) -> None:
    """Print what was measured; with `write`, put it into the page, its main results beside earlier ones."""
    text = "\n\n".join([*parts, conditions(name)])
    print(f"\n{text}\n")
    if write:
        replace(name, text)
        runs = json.loads(RUNS.read_text()) if RUNS.is_file() else {}
        for what, result in (results or {}).items():
            runs.setdefault(what, []).append(result)
        RUNS.write_text(json.dumps(runs, indent=2, ensure_ascii=False) + "\n")
        head = ["", "runs", "result of each, in order; the last is in its table below"]
        rows = [[what, str(len(figures)), ", ".join(figures)] for what, figures in runs.items()]
        replace("runs", table(head, rows))


def replace(name: str, text: str, page: Path = PAGE) -> None:
    """Write the text between the two markers of that name."""
    begin, end = f"<!-- {name}: written by bench/run -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page.read_text()))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    align = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align, *rows])


def conditions(name: str) -> str:
    """How, when and on what a figure was measured."""
    memory = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024**2
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return (
        f"*`bench/run {name}`, {time.strftime('%d %B %Y').lstrip('0')}, {processor()}, {cores} cores, "
        f"{memory} GiB of memory, {system}, Linux {platform.release()}, Python {platform.python_version()}; "
        f"load {LOAD:.1f} when it began.*"
    )


def processor() -> str:
    """The name of this machine's processor."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found.group(1).strip() if found else platform.machine()
