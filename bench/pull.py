"""1,000 archives come home, and a night with few new ones of 9,900; beside bare rsync of the same folder."""

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
from bench.slow_line import SlowLine
from deployer.backups.archives import Archive
from deployer.rehearsal import shell
from deployer.rehearsal.machine import Machine

NAMES, NIGHTS, BYTES = 20, 50, 50_000
ROUNDS = 9
MORE_NIGHTS, NEW = 495, 10  # 9,900 archives, and as many of them new
SPEED, DELAY = 125_000, 0.02  # of the slow line: bytes a second, and seconds each way
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
        few = on_a_slow_line(machine, folder)
    rows = [
        [what, shown(found["deploy"]), f"{shown(found['rsync'])} ({times(found['deploy'], found['rsync'])})"]
        for what, found in (
            ("nothing is new", nothing),
            ("all is new, 50 MB", first),
            (f"{NEW} of 9,900 are new, over a line of 1 Mbit/s", few),
        )
    ]
    kept = {
        "pull of 1,000 archives, all new, against `rsync -a`": times(first["deploy"], first["rsync"]),
        "pull of 1,000 archives, nothing new": shown(nothing["deploy"]),
        "pull of 10 new of 9,900 archives, 1 Mbit/s": shown(few["deploy"]),
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


def on_a_slow_line(machine: Machine, folder: Path) -> dict[str, list[float]]:
    """A night with a few new archives of thousands, which all were brought over a fast line before."""
    progress(f"making {NAMES * MORE_NIGHTS} small archives")
    shutil.rmtree(machine.root / "home/backups")
    for number in range(NAMES):
        fill(machine.root / "home/backups", f"service-{number}", MORE_NIGHTS, 500)
    forget(folder)
    pull = Command([DEPLOY, "backup", "--pull"], folder / "pull")
    seconds(pull)
    seconds(rsync(machine, folder / "bare"))
    newest = sorted((machine.root / "home/backups").glob("*/*.gpg"), key=lambda path: path.name[-29:])[-NEW:]

    def lack() -> None:
        for path in newest:
            for place in ("home", "bare"):
                for name in (path.name, f"{path.name}.sha256"):
                    (folder / place / path.parent.name / name).unlink(missing_ok=True)

    with SlowLine((machine.address, 22), SPEED, DELAY) as line:
        settings = folder / "pull/sites.yaml"
        config = json.loads(settings.read_text())
        config["server"] |= {"host": "127.0.0.1", "port": line.port}
        settings.write_text(json.dumps(config))
        return compare("few are new", pull, rsync(machine, folder / "bare", line.port), lack)


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
    home = {"directory": str(folder / "home"), "key": str(key), "keep": {"daily": MORE_NIGHTS + 10}}
    for name, content in (("vps", owner), ("pull", {"server": server, "home": home})):
        (folder / name).mkdir()
        (folder / name / "sites.yaml").write_text(json.dumps(content))
    (folder / "home").mkdir()
    seconds(Command([DEPLOY, "apply", "--yes"], folder / "vps"))
    seconds(Command([DEPLOY, "backup", "--init"], folder / "pull"))
    return Command([DEPLOY, "backup", "--pull"], folder / "pull")


def fill(place: Path, name: str, nights: int = NIGHTS, size: int = BYTES) -> None:
    """An archive for each of the last nights, with its digest, as the server writes them."""
    last = datetime.now(UTC).replace(microsecond=0)
    for night in range(nights):
        archive = Archive(name, last - timedelta(days=night), size)
        path, content = place / archive.path, os.urandom(size)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        beside = path.with_name(f"{path.name}.sha256")
        beside.write_text(f"{digest}  {path.name}\n")
        for each in (path, beside):
            os.utime(each, (archive.time.timestamp(),) * 2)


def rsync(machine: Machine, target: Path, port: int = 0) -> Command:
    """Bare rsync of the same folder over SSH, with a key that may do everything, or over a line to it."""
    way = " ".join(shell.ssh(machine.key, machine.known_hosts))
    host = machine.address
    if port:
        way, host = f"{way} -p {port} -o HostKeyAlias={host}", "127.0.0.1"
    source = f"{machine.user}@{host}:/home/backups/"
    return Command(["rsync", "-a", "-e", way, source, f"{target}/"])


if __name__ == "__main__":
    main()
