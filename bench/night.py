"""One night's backup of one service on a VPS, by several tools, and what it costs."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.asking import Visitor
from bench.measure import CHECKOUT, DEPLOY, Command, Failed, timed
from bench.service import PACKAGES as SERVICE_PACKAGES
from bench.service import Service
from deployer.rehearsal.shell import ssh

PACKAGES = (*SERVICE_PACKAGES, "borgbackup", "python3-venv", "restic", "sqlite3", "zstd")
DOMAIN = "service.example.org"
FOLDER = f"/opt/{DOMAIN}"
KEY = """
set -e; make='gpg --batch --quiet --pinentry-mode loopback --passphrase'
$make '' --quick-gen-key backup@example.org default default never
gpg --armor --export
"""
# Programs and libraries, texts, a log, and as many photos as cannot be compressed: 1 GB.
DATA = f"""
set -e; mkdir -p {FOLDER}/data; cd {FOLDER}/data; rm -rf *
{{ tar -c -C / usr/lib usr/share usr/bin | head -c 850M | tar -x || true; }} 2>/dev/null
seq -f '203.0.113.7 - - "GET /page/%.0f HTTP/2" 200 5120 "-" "Mozilla/5.0 (X11)"' 1 2600000 >access.log
for n in $(seq 100); do head -c 2M /dev/urandom >photo-$n.jpg; done; sync; du -sm . | cut -f 1
"""
CHANGE = """
seq -f '203.0.113.7 - - "GET /page/%.0f HTTP/2" 200 512 "-" "Mozilla/5.0"' 1 50000 >>access.log
for n in 1 2 3; do head -c 2M /dev/urandom >photo-$n.jpg; done; sync
"""
BORGMATIC = f"""
source_directories: [{FOLDER}]
repositories: [{{path: /home/backups/borg, label: here}}]
encryption_passphrase: secret
compression: zstd,3
commands:
    - {{before: action, when: [create], run: ["cd {FOLDER} && docker compose stop"]}}
    - {{after: action, when: [create], run: ["cd {FOLDER} && docker compose start"]}}
"""
SAMPLE = r"""
import glob, os, sys, time
names, target, out = sys.argv[1].split(","), sys.argv[2], sys.argv[3]
disk = memory = 0
def size(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try: total += os.stat(os.path.join(folder, name)).st_blocks * 512
            except OSError: pass
    return total
while not os.path.exists(out + ".stop"):
    disk = max(disk, size(target))
    used = size("/dev/shm")
    for status in glob.glob("/proc/[0-9]*/status"):
        try: fields = dict(line.split(":", 1) for line in open(status) if ":" in line)
        except OSError: continue
        if fields["Name"].strip() in names: used += int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
    memory = max(memory, used)
    time.sleep(0.05)
open(out, "w").write(f"{disk} {memory}")
"""


@dataclass(frozen=True)
class Night:
    """What one backup took: seconds, seconds of errors, bytes that are new, most bytes on disk, in memory."""

    seconds: float
    down: float
    size: int
    disk: int
    memory: int


@dataclass(frozen=True)
class Tool:
    """How a tool backs up: its command on the VPS, where its archives are, and its programs' names."""

    command: str
    target: str
    programs: str
    keeps: bool = False
    prepare: str = ":"


def bare(zstd: str, target: str) -> Tool:
    """A compressed tar and nothing else."""
    return Tool(f"mkdir -p {target} && tar -c . | {zstd} -q >{target}/a.tar.zst", target, "tar,zstd")


TOOLS = {
    "deploy": Tool(
        f"/etc/deploy/backup/{DOMAIN}", f"/home/backups/{DOMAIN}", f"tar,zstd,gpg,bash,{DOMAIN[:15]}"
    ),
    "deploy, a folder": Tool("/etc/deploy/backup/files", "/home/backups/files", "tar,zstd,gpg,bash,files"),
    "the usual script": Tool("/root/usual.sh", "/home/backups/usual", "tar,zstd,gpg,bash,usual.sh"),
    "`tar`, `zstd`": bare("zstd", "/home/backups/bare"),
    "`tar`, `zstd -T0`": bare("zstd -T0", "/home/backups/cores"),
    "borgmatic": Tool(
        "/opt/borgmatic/bin/borgmatic --config /root/borgmatic.yaml create",
        "/home/backups/borg",
        "borg,borgmatic",
        True,
        "BORG_PASSPHRASE=secret borg init --encryption repokey /home/backups/borg",
    ),
    "restic": Tool(
        "docker compose stop && restic -q -r /home/backups/restic backup . ; docker compose start",
        "/home/backups/restic",
        "restic",
        True,
        "restic -q -r /home/backups/restic init",
    ),
}


class Place:
    """The VPS with the service and its data."""

    def __init__(self, service: Service) -> None:
        self.service, self.machine = service, service.machine

    def prepare(self, folder: Path) -> str:
        """Data, keys and tools; the megabytes of the data."""
        machine = self.machine
        (folder / "key.asc").write_text(machine.run(KEY).stdout)
        config = json.loads((folder / "sites.yaml").read_text())
        config["backups"] = {"recipient": "key.asc", "folders": {"files": [FOLDER]}}
        (folder / "sites.yaml").write_text(json.dumps(config))
        timed(Command([DEPLOY, "apply", "--yes"], folder))
        (machine.root / "root/usual.sh").write_bytes((CHECKOUT / "bench/usual/backup.sh").read_bytes())
        (machine.root / "root/borgmatic.yaml").write_text(BORGMATIC)
        (machine.root / "root/sample.py").write_text(SAMPLE)
        borgmatic = "cd /opt && python3 -m venv borgmatic && borgmatic/bin/pip -q install borgmatic"
        machine.run(f"chmod 755 /root/usual.sh; {borgmatic}", timeout=600)
        return machine.run(DATA, timeout=600).stdout.strip()

    def change(self) -> None:
        """What a day changes."""
        self.machine.run(f"cd {FOLDER}/data; {CHANGE}", timeout=300)

    def night(self, tool: Tool, first: bool) -> Night:
        """Back up once; with `first`, without anything from before. Everything is read once before."""
        machine = self.machine
        run: Callable[[str], str] = lambda command: machine.run(command, timeout=600).stdout  # noqa: E731
        if first:
            run(
                f"rm -rf {tool.target}; mkdir -p /home/backups; export RESTIC_PASSWORD=secret; {tool.prepare}"
            )
        run(f"tar -c {FOLDER} 2>/dev/null | cat >/dev/null; sync; rm -f /root/sample*.stop /root/sample")
        before = self.used(tool)
        sampler = f"python3 /root/sample.py {tool.programs} {tool.target} /root/sample"
        run(f"setsid {sampler} >/dev/null 2>&1 & sleep 0.3")
        environment = "export RESTIC_PASSWORD=secret; renice -n 10 -p $$ >/dev/null"
        argv = [*ssh(machine.key, machine.known_hosts), f"root@{machine.address}"]
        inner = f"{environment}; cd {FOLDER}; {{ {tool.command}; }} >/root/said 2>&1; e=$?; echo $e"
        timing = f"a=$(date +%s%N); {inner}; echo $(( $(date +%s%N) - a ))"
        with Visitor(machine.address, DOMAIN) as visitor:
            _, said = timed(Command([*argv, f"bash -c {shlex.quote(timing)}"]))
            timed(Command(["sleep", "2"]))
        code, took = said.split()[-2:]
        if code not in ("0",):
            raise Failed(run("tail -n 20 /root/said"))
        run("touch /root/sample.stop; while [ ! -e /root/sample ]; do sleep 0.1; done")
        disk, memory = map(int, run("cat /root/sample").split())
        size = self.used(tool) - before
        if not tool.keeps:
            size = int(run(f"ls -t {tool.target}/* | grep -v sha256 | head -n 1 | xargs stat -c %s"))
        return Night(int(took) / 1e9, visitor.failed(), size, disk - before, memory)

    def used(self, tool: Tool) -> int:
        """Bytes of the tool's archives."""
        return int(
            self.machine.run(f"du -sB1 {tool.target} 2>/dev/null | cut -f 1 | grep . || echo 0").stdout
        )
