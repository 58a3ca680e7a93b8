"""Sending a repository of 200 MB from this machine: deploy against `git push` over the same SSH."""

import random
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from threading import Thread

from bench.measure import DEPLOY, Command, Failed, progress, seconds, shown, timed
from bench.page import arguments, publish, table
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

ROUNDS = 5
FILES, BYTES = 100, 2_000_000
"""Downloads, which nothing makes smaller."""
DOMAIN = "files.example.org"
ORIGIN = "/srv/origin.git"
SITES = """\
server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}
security: false
sites:
  files.example.org: {{kind: static, https: false, repository: files}}
"""


def main() -> None:
    options = arguments(__doc__)
    packages = ("brotli", "certbot", "git", "libnginx-mod-http-brotli-static", "logrotate", "nginx", "webp")
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=packages) as machine:
        folder = Path(name)
        prepare(folder, machine)
        plain, sent, whole, memory = [], [], [], 0
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS}")
            plain.append(git_push(folder, machine))
            arrived, took, most = push(folder, machine)
            sent.append(arrived)
            whole.append(took)
            memory = max(memory, most)
    ratio = f"{median(sent) / median(plain):.2f}×"
    size = f"{FILES * BYTES // 10**6} MB"
    rows = [
        ["`git push`", shown(plain), ""],
        ["`deploy push`, until the server has the commits", shown(sent), ratio],
        ["`deploy push`, until the site is live", shown(whole), ""],
    ]
    parts = [
        table([f"a repository of {size}, the first time", "time", "against `git push`"], rows),
        f"`deploy` and the Git that it calls never had more than {memory} MB of memory together.",
    ]
    publish("commits", parts, options.write, {f"a repository of {size} sent, against `git push`": ratio})


def prepare(folder: Path, machine: Machine) -> None:
    """The repository, packed as a clone is; and the server, which has nothing of it."""
    files, chance = folder / "files", random.Random(7)
    files.mkdir()
    (files / "index.html").write_text("<h1>Files</h1>")
    for number in range(FILES):
        (files / f"{number}.zip").write_bytes(chance.randbytes(BYTES))
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    for words in (("init", "-qb", "main"), ("add", "."), (*identity, "commit", "-qm", "all"), ("gc", "-q")):
        subprocess.run(["git", "-C", files, *words], check=True)
    (folder / "sites.yaml").write_text(SITES.format(machine=machine))
    timed(Command([DEPLOY, "apply", "--yes"], folder))


def git_push(folder: Path, machine: Machine) -> float:
    """Seconds of a push of everything to a repository of the server."""
    machine.run(f"rm -rf {ORIGIN} && git init --quiet --bare {ORIGIN}")
    login = " ".join(ssh(machine.key, machine.known_hosts))
    there = f"root@{machine.address}:{ORIGIN}"
    command = ["git", "-C", str(folder / "files"), "push", "--quiet", there, "main"]
    return seconds(Command(command, environment={"GIT_SSH_COMMAND": login}))


def push(folder: Path, machine: Machine) -> tuple[float, float, int]:
    """Seconds until the commits are there, and until the site is live; the most MB of memory meanwhile."""
    machine.run(f"rm -rf /srv/deploy/{DOMAIN} /var/www/{DOMAIN}")
    began, arrived, said, most = time.perf_counter(), 0.0, [], [0]
    with subprocess.Popen(
        [DEPLOY, "push", DOMAIN, "--yes"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        watcher = Thread(target=watch, args=(process, most))
        watcher.start()
        for line in process.stdout:
            said.append(line)
            if line.startswith("✓ fetch"):
                arrived = time.perf_counter() - began
    watcher.join()
    if process.returncode or not arrived:
        raise Failed("".join(said))
    return arrived, time.perf_counter() - began, most[0] >> 20


def watch(process: subprocess.Popen[str], most: list[int]) -> None:
    """Keep the most memory that a process and its children have at once, in bytes."""
    while process.poll() is None:
        most[0] = max(most[0], sum(map(resident, family(process.pid))))
        time.sleep(0.05)


def family(process: int) -> list[int]:
    """A process, its children and theirs."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(each for child in children for each in family(int(child)))]


def resident(process: int) -> int:
    """The memory that is a process's own: not that of files which the system could read again."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon"))


if __name__ == "__main__":
    main()
