"""Publishing one changed sentence of a blog with 120 images: deploy, the usual build script, bare Hugo."""

import re
import tempfile
from pathlib import Path
from statistics import median

from bench.image_site import DOMAIN, ImageSite
from bench.measure import Command, Failed, progress, seconds, shown, timed, times
from bench.page import arguments, publish, table

ROUNDS = 9
ROUNDS_OF_THE_USUAL = 2  # it takes most of a minute
USUAL = "cd /root/usual && git stash && git pull --force origin master && ./build.sh"
BARE = "cd /root/bare && git pull && hugo --minify --destination /var/www/bare.example.org"
STEP = re.compile(r"✓ (\w+) ([\d.]+)s")


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name:
        site = ImageSite.prepare(Path(name))
        with site.machine:
            progress("the first push of everything")
            first = seconds(site.publish())
            site.clone("/root/usual", "/root/bare")
            site.machine.run("git config --global user.email bench@example.org")
            ours, usual, bare, steps = measure(site)
            sizes = site.machine.run(f"du -shL /var/www/{DOMAIN} | cut -f1").stdout.strip()
    more = f"{median(ours) - median(bare):+.2f} s"
    rows = [
        ["`deploy push`", shown(ours), ""],
        ["`git pull && hugo`", shown(bare), more],
        ["the usual build script", shown(usual), times(usual, ours)],
    ]
    parts = [
        table(["one changed sentence", "time", "deploy against it"], rows),
        f"The first push, with Hugo's installation, all images and all texts: {first:.1f} s; "
        f"{sizes} published. The steps of the last push on the server, in seconds: {steps}.",
    ]
    results = {
        "push, more than `git pull && hugo`": more,
        "push, against the usual build script": times(usual, ours),
    }
    publish("push", parts, options.write, results)


def measure(site: ImageSite) -> tuple[list[float], list[float], list[float], str]:
    """Seconds of each round, ours, the usual way and bare; and our steps of the last round."""
    usual, bare, ours = site.remotely(USUAL), site.remotely(BARE), site.publish()
    figures: dict[str, list[float]] = {"usual": [], "bare": [], "ours": []}
    progress("warming up")
    timed(bare)
    for number in range(ROUNDS):
        progress(f"round {number + 1} of {ROUNDS}")
        mark = f"number {number + 1}"
        site.change_text(mark)
        site.share()
        figures["bare"].append(run(site, bare, "/var/www/bare.example.org", mark))
        took, said = timed(ours)
        figures["ours"].append(took)
        if mark not in site.page("/posts/post-007/"):
            raise Failed(f"the new sentence is not served:\n{said}")
        if number < ROUNDS_OF_THE_USUAL:
            figures["usual"].append(run(site, usual, "/var/www/usual.example.org", mark))
    steps = ", ".join(f"{name} {spent}" for name, spent in STEP.findall(said))
    return figures["ours"], figures["usual"], figures["bare"], steps


def run(site: ImageSite, command: Command, root: str, mark: str) -> float:
    """Seconds of one of the others, which must have published the new sentence."""
    took = seconds(command)
    if mark not in site.machine.run(f"cat {root}/posts/post-007/index.html").stdout:
        raise Failed(f"the new sentence is not in {root}")
    return took


if __name__ == "__main__":
    main()
