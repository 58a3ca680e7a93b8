"""Publishing 50,000 pages: all of them, one that has changed, and a release that is still there."""

import json
import random
import re
import tempfile
from pathlib import Path

from bench.image_site import PACKAGES
from bench.measure import DEPLOY, Command, Failed, progress, seconds, shown, timed
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

DOMAIN = "pages.example.org"
PAGES = 50_000
ROUNDS = 5  # as many as releases are kept
EARLY = f"one page changed, the {ROUNDS} pushes after the first"
LATER = "one page changed, from then on"
HURRIED = "one page changed, pushed at once after another push"
AGAIN = "the same again after `deploy rollback`"
SITES = """\
server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}
security: false
sites:
  {domain}: {{kind: static, https: false, images: {{webp: false}}, repository: pages}}
"""
WORDS = (
    "tide server page wind harbour file image morning release light script shelf night water name paper path "
    "small quiet year hand stone letter window machine garden line answer road"
)
DERIVE = re.compile(r"✓ derive ([\d.]+)s")


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        folder = Path(name)
        (folder / "sites.yaml").write_text(SITES.format(machine=machine, domain=DOMAIN))
        progress("writing the pages")
        write_pages(folder / "pages")
        commit(folder, "Begin")
        seconds(Command([DEPLOY, "apply", "--yes"], folder))
        progress("the first push")
        first, said = timed(push(folder))
        compressed = DERIVE.search(said)
        derived = float(compressed[1]) if compressed else 0.0
        found, large = measure(folder, machine)
    rows = [
        ["the first push", f"{first:.1f} s"],
        ["of that, `.gz` and `.br` of all", f"{derived:.1f} s, {derived * 1000 / PAGES:.2f} ms a page"],
        *([what, shown(figures)] for what, figures in found.items()),
        ["a JSON file of 9.6 MB changed, its `.gz` and `.br`", f"{large:.1f} s"],
    ]
    kept = {f"push of one of {PAGES:,} pages": shown(found[LATER])}
    publish("pages", [table([f"`deploy push`, {PAGES:,} pages", "time"], rows)], options.write, kept)


def measure(folder: Path, machine: Machine) -> tuple[dict[str, list[float]], float]:
    """Seconds of pushes of one page, by their rows, and of the copies of a large file.

    Once there are more releases than are kept, each is made of the one that goes.
    """
    found: dict[str, list[float]] = {EARLY: [], LATER: [], HURRIED: [], AGAIN: []}
    for number in range(3 * ROUNDS):
        progress(f"round {number + 1} of {3 * ROUNDS}")
        what = (EARLY, LATER, HURRIED)[number // ROUNDS]
        with open(folder / "pages/7/7007.html", "a") as page:
            page.write(f"<p>Number {number}.</p>\n")
        commit(folder, "Change")
        if what != HURRIED:
            write_on(machine)
        found[what].append(seconds(push(folder)))
        if what == LATER:
            seconds(Command([DEPLOY, "rollback", DOMAIN], folder))
            write_on(machine)
            found[AGAIN].append(seconds(push(folder)))
    chance = random.Random(2)
    records = [
        {"id": number, "text": " ".join(chance.choices(WORDS.split(), k=35))} for number in range(47_000)
    ]
    (folder / "pages/all.json").write_text(json.dumps(records))
    commit(folder, "Data")
    compressed = DERIVE.search(timed(push(folder))[1])
    if not compressed:
        raise Failed("the push of the large file did not derive anything")
    return found, float(compressed[1])


def write_on(machine: Machine) -> None:
    """As long as a person writes at least: until the server has what the next push begins with."""
    machine.run(f"until [ -d /srv/deploy/{DOMAIN}/spare/site ]; do sleep 0.1; done")


def write_pages(folder: Path) -> None:
    """Pages of 3 kB, in folders of a thousand."""
    chance = random.Random(1)
    paragraphs = [" ".join(chance.choices(WORDS.split(), k=80)) for _ in range(400)]
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><h1>Pages</h1>")
    for number in range(PAGES):
        text = "".join(f"<p>{paragraph}</p>\n" for paragraph in chance.choices(paragraphs, k=6))
        link = (number * 7) % PAGES
        head = f"<!doctype html><title>{number}</title><a href='/{link // 1000}/{link}.html'>More</a>"
        page = folder / f"{number // 1000}/{number}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"{head}\n{text}")


def commit(folder: Path, message: str) -> None:
    """Commit all pages."""
    git = ["git", "-C", str(folder / "pages"), "-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    if not (folder / "pages/.git").is_dir():
        timed(Command([*git, "init", "--quiet", "--initial-branch=main"]))
    timed(Command([*git, "add", "--all"]))
    timed(Command([*git, "commit", "--quiet", "--message", message]))


def push(folder: Path) -> Command:
    """`deploy push`."""
    return Command([DEPLOY, "push", DOMAIN, "--yes"], folder)


if __name__ == "__main__":
    main()
