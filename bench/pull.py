"""1,000 archives come home, and a night on which nothing is new; beside bare rsync of the same folder."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import DEPLOY, Command, progress, seconds, shown, times
from bench.page import arguments, publish, table
from deployer.archives import Archive
from deployer.rehearsal import shell
from deployer.rehearsal.machine import Machine

NAMES, NIGHTS, BYTES = 20, 50, 50_000
ROUNDS = 9
PACKAGES = ("curl", "nginx-light", "python3", "rsync", "sudo", "zstd")


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        folder = Path(name)
        progress("letting a key in that can only read backups")
        ours = prepare(machine, folder)
        progress(f"making {NAMES * NIGHTS} archives")
        for number in range(NAMES):
            fill(machine.root / "home/backups", f"service-{number}")
        bare = rsync(machine, folder / "bare")
        first = compare("all is new", ours, bare, lambda: forget(folder))
        nothing = compare("nothing is new", ours, bare, lambda: None)
    rows = [
        [what, shown(found["deploy"]), f"{shown(found['rsync'])} ({times(found['deploy'], found['rsync'])})"]
        for what, found in (("nothing is new", nothing), ("all is new, 50 MB", first))
    ]
    kept = {
        "pull of 1,000 archives, all new, against `rsync -a`": times(first["deploy"], first["rsync"]),
        "pull of 1,000 archives, nothing new": shown(nothing["deploy"]),
    }
    head = ["1,000 archives of 20 services", "`deploy backup --pull`", "`rsync -a` (deploy against it)"]
    publish("pull", [table(head, rows)], options.write, kept)


def compare(what: str, ours: Command, bare: Command, before: Callable[[], None]) -> dict[str, list[float]]:
    """Both, one after the other, several times, and each from the same beginning."""
    found: dict[str, list[float]] = {"deploy": [], "rsync": []}
    for number in range(ROUNDS):
        progress(f"{what}, turn {number + 1} of {ROUNDS}")
        for tool, command in (("deploy", ours), ("rsync", bare)):
            before()
            found[tool].append(seconds(command))
    return found


def forget(folder: Path) -> None:
    """Take away what came home, but for the mark of the home, and have it off the disk."""
    state = folder / "home/.deploy"
    mark = (state / "home").read_text()
    for place in ("home", "bare"):
        shutil.rmtree(folder / place, ignore_errors=True)
    state.mkdir(parents=True)
    (state / "home").write_text(mark)
    os.sync()


def prepare(machine: Machine, folder: Path, **more: object) -> Command:
    """Apply a key for the home server, and more of sites.yaml; the command that pulls with the key."""
    key = folder / "backups"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    server = {"host": machine.address, "host_key": machine.host_key}
    owner = {
        "server": server | {"key": str(machine.key)},
        "security": False,
        "sites": {"old.example.org": {"kind": "redirect", "to": "https://example.org", "https": False}},
        "keys": {"home": {"public": key.with_suffix(".pub").read_text(), "pull_backups": True}},
    } | more
    home = {"directory": str(folder / "home"), "key": str(key), "keep": {"daily": NIGHTS + 10}}
    for name, content in (("vps", owner), ("pull", {"server": server, "home": home})):
        (folder / name).mkdir()
        (folder / name / "sites.yaml").write_text(json.dumps(content))
    (folder / "home").mkdir()
    seconds(Command([DEPLOY, "apply", "--yes"], folder / "vps"))
    seconds(Command([DEPLOY, "backup", "--init"], folder / "pull"))
    return Command([DEPLOY, "backup", "--pull"], folder / "pull")


def fill(place: Path, name: str) -> None:
    """An archive for each of the last nights, with its digest, as the server writes them."""
    last = datetime.now(UTC).replace(microsecond=0)
    for night in range(NIGHTS):
        archive = Archive(name, last - timedelta(days=night), BYTES)
        path, content = place / archive.path, os.urandom(BYTES)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")


def rsync(machine: Machine, target: Path) -> Command:
    """Bare rsync of the same folder over SSH, with a key that may do everything."""
    way = " ".join(shell.ssh(machine.key, machine.known_hosts))
    source = f"{machine.user}@{machine.address}:/home/backups/"
    return Command(["rsync", "-a", "-e", way, source, f"{target}/"])


if __name__ == "__main__":
    main()
