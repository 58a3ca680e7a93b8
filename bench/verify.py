"""A backup of 100,000 small files is read at home; beside gpg, zstd and tar, which read the same archive."""

import os
import subprocess
import tempfile
from pathlib import Path

from bench.measure import DEPLOY, Command, progress, seconds, shown, times
from bench.page import arguments, publish, table
from bench.pull import PACKAGES, prepare
from deployer.rehearsal.machine import Machine

ROUNDS = 9
FILES = """
set -e; mkdir -p /srv/files; cd /srv/files
python3 -c '
import os
for folder in range(1000):
    os.mkdir(f"{folder}")
    for number in range(100):
        with open(f"{folder}/{number}.txt", "w") as file: file.write(os.urandom(250).hex())
'
"""
MAKE_KEY = ("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
MAKE_KEY += ("--quick-gen-key", "backup@example.org", "default", "default", "never")


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "keyring").mkdir(mode=0o700)
        os.environ["GNUPGHOME"] = str(folder / "keyring")
        try:
            bring(folder)
            (archive,) = (folder / "home").glob("files/*.gpg")
            ours, bare = measure(folder, archive)
            size = archive.stat().st_size
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=True)
    row = ["time", shown(ours), f"{shown(bare)} ({times(ours, bare)})"]
    head = [
        "100,000 small files",
        "`deploy backup --verify`",
        "`gpg \\| zstd \\| tar -t` (deploy against it)",
    ]
    kept = {"100,000 small files read, against `gpg`, `zstd`, `tar -t`": times(ours, bare)}
    publish("verify", [table(head, [row]), f"An archive of {size / 1e6:.0f} MB."], options.write, kept)


def bring(folder: Path) -> None:
    """Have a server make the archive, and bring it home."""
    key = folder / "key.asc"
    subprocess.run(MAKE_KEY, check=True)
    subprocess.run(["gpg", "--armor", "--output", key, "--export"], check=True)
    with Machine.boot(packages=(*PACKAGES, "gnupg", "jq", "sqlite3")) as machine:
        progress("making an archive of 100,000 small files")
        machine.run(FILES)
        backups = {"recipient": str(key), "folders": {"files": ["/srv/files"]}}
        pull = prepare(machine, folder, backups=backups)
        seconds(Command([DEPLOY, "backup", "files"], folder / "vps"))
        seconds(pull)


def measure(folder: Path, archive: Path) -> tuple[list[float], list[float]]:
    """The seconds of deploy, and of the three programs."""
    line = f"set -o pipefail; gpg --quiet --decrypt {archive} | zstd --quiet --decompress | tar --list"
    ours = Command([DEPLOY, "backup", "--verify"], folder / "pull")
    bare = Command(["bash", "-c", f"{line} >/dev/null"])
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        progress(f"turn {number + 1} of {ROUNDS}")
        for figures, command in zip(found, (ours, bare), strict=True):
            figures.append(seconds(command))
    return found


if __name__ == "__main__":
    main()
