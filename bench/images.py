"""WebP and AVIF copies of photos: how many bytes visitors save, and how long a push takes for them."""

import re
import shutil
import tempfile
from pathlib import Path

from bench.contenders import VENV, install_peers
from bench.generators import PACKAGES
from bench.measure import CHECKOUT, DEPLOY, WORK, Command, Failed, progress, timed, times
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine

DOMAIN = "photos.example.org"
COPIES = {"webp": "{webp: true}", "avif": "{webp: false, avif: true}"}
DERIVED = re.compile(r"✓ derive ([\d.]+)s")
HEAD = ["60 photos, JPEG of 1600 × 1067", "bytes", "of the photos", "time for copies in a push"]


def main() -> None:
    options = arguments(__doc__ or "")
    install_peers()
    blog = WORK / "blog"
    if not (blog / "complete").is_file():
        progress("making photos")
        timed(Command([f"{VENV}/bin/python", str(CHECKOUT / "bench/image_blog.py"), str(blog)]))
        (blog / "complete").touch()
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        photos = Path(name) / "photos"
        photos.mkdir()
        for photo in (blog / "static/images").glob("*.jpg"):
            shutil.copy(photo, photos)
        (photos / "index.html").write_text("<h1>Photos</h1>\n")
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Photos"]):
            timed(Command(["git", *identity, *words], photos))
        found = {kind: measure(machine, Path(name), kind) for kind in COPIES}
        original = bytes_of(machine, "jpg")
    rows = [["as they are", megabytes(original), "", ""]]
    for kind, (took, size) in found.items():
        rows.append([f"`images: {COPIES[kind]}`", megabytes(size), f"{size / original:.0%}", f"{took:.0f} s"])
    seconds = [[found[kind][0]] for kind in ("avif", "webp")]
    saved = 1 - found["avif"][1] / found["webp"][1]
    more = f"AVIF takes {times(*seconds)} as long as WebP, and {saved:.0%} fewer bytes."
    publish("images", [table(HEAD, rows), more], options.write)


def measure(machine: Machine, folder: Path, kind: str) -> tuple[float, int]:
    """Seconds that making copies took, and their bytes."""
    progress(f"copies of kind {kind}")
    server = f"host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}"
    site = f"kind: static, https: false, repository: photos, images: {COPIES[kind]}"
    (folder / "sites.yaml").write_text(f"server: {{{server}}}\nsites:\n  {DOMAIN}: {{{site}}}\n")
    timed(Command([DEPLOY, "apply", "--yes"], folder))
    said = timed(Command([DEPLOY, "push", DOMAIN, "--force"], folder))[1]
    took = DERIVED.search(said)
    if not took:
        raise Failed(f"nothing was made:\n{said}")
    return float(took[1]), bytes_of(machine, f"jpg.{kind}")


def bytes_of(machine: Machine, ending: str) -> int:
    """The bytes of the published photos of that ending."""
    found = machine.run(f"find -L /var/www/{DOMAIN} -name '*.{ending}' -printf '%s\\n'").stdout
    size = sum(int(line) for line in found.split())
    if not size:
        raise Failed(f"there is no .{ending}")
    return size


def megabytes(size: int) -> str:
    """Bytes as a person writes them."""
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
