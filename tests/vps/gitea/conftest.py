"""A server that has what Gitea is downloaded from, and a user's folder with a site of this kind.

GITEA_BINARY names a real one, and GITEA_BINARY_BEFORE an older one that it can be upgraded from; without them a
stand-in of the tests takes their place, and the tests say so. Its database is one of three by chance, or what
GITEA_DATABASE names.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chance import SEED, noise
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import GIT, Project
from vps.test_php import PACKAGES
from vps.waiting import until_listening

__all__ = ["key"]
STAND_IN = Path(__file__).with_name("stand_in.py").read_text()
UNIT = "deploy-gitea-git.test.service"
HOME = "/opt/git.test"
DATABASES = ("sqlite", "mariadb", "postgres")
DATABASE = os.environ.get("GITEA_DATABASE") or DATABASES[SEED % 3]
LOSE = {
    "mariadb": "mariadb -e 'DROP DATABASE git; DROP USER git@localhost'",
    "postgres": "su postgres -c 'dropdb git && dropuser git'",
}
LARGE = noise(100_000)
REAL = "GITEA_BINARY" in os.environ and "GITEA_BINARY_BEFORE" in os.environ
WELL = "curl -sf http://127.0.0.1:3000/api/healthz"
OFF = ("firewall", "fail2ban", "updates", "sysctl")


CUT_OFF = """
import pathlib, http.server
class Half(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = pathlib.Path('/srv/downloads/old').read_bytes()
        first = int(self.headers.get('Range', 'bytes=0-')[6:].rstrip('-'))
        self.send_response(206 if first else 200)
        self.send_header('Content-Range', f'bytes {first}-{len(content) - 1}/{len(content)}')
        self.send_header('Content-Length', str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first:] if first else content[:len(content) // 2])
http.server.HTTPServer(('127.0.0.1', 9010), Half).serve_forever()
"""


def programs() -> dict[str, bytes]:
    """An older one, a newer one, one that never gets well, and one that migrates without an end, by name."""
    broken = STAND_IN.replace("BROKEN = False", "BROKEN = True")
    newer, older = (os.environ.get(name) for name in ("GITEA_BINARY", "GITEA_BINARY_BEFORE"))
    found = {"old": STAND_IN.replace("SCHEMA = 331", "SCHEMA = 324").encode(), "new": STAND_IN.encode()}
    if newer and older:
        found = {"old": Path(older).read_bytes(), "new": Path(newer).read_bytes()}
    print("Gitea:", f"{older} and {newer}" if newer and older else "a stand-in of the tests", "on", DATABASE)
    slow = STAND_IN.replace("HANGS = False", "HANGS = True")
    return {**found, "broken": broken.encode(), "slow": slow.encode()}


@dataclass
class Forge:
    """A user's folder, and the Gitea that it brings up."""

    project: Project
    digests: dict[str, str]
    key: Key
    login: str = ""
    """Of another user than the first."""

    @property
    def vps(self) -> Machine:
        return self.project.vps

    @property
    def site(self) -> dict[str, Any]:
        return self.project.sites["git.test"]

    def wants(self, program: str, version: str, **more: object) -> None:
        """Write into sites.yaml which one shall run."""
        self.site.update(
            version=version, binary=f"http://127.0.0.1:9009/{program}", sha256=self.digests[program]
        )
        self.site.update(more)

    def deploy(self, *words: str, code: int = 0) -> str:
        done = self.project.deploy(*words, GNUPGHOME=str(self.key.home))
        said = done.stdout + done.stderr
        assert done.returncode == code, said[-3000:]
        return said[-3000:]

    @property
    def password(self) -> str:
        return self.deploy("secret", "show", "git.test", "PASSWORD").strip()

    def ask(self, address: str, *options: str, content: bytes = b"") -> bytes:
        """What it answers to its first user."""
        ask = ["curl", "-sk", "--fail-with-body", "-u", self.login or f"owner:{self.password}", *options]
        ask += [
            "--resolve",
            f"git.test:443:{self.vps.address}",
            *(["--data-binary", "@-"] if content else []),
        ]
        done = subprocess.run([*ask, address], input=content, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def api(self, method: str, path: str, **value: object) -> Any:
        content = json.dumps(value).encode() if value else b""
        kind = "Content-Type: application/json"
        said = self.ask(f"https://git.test/api/v1/{path}", "-X", method, "-H", kind, content=content)
        return json.loads(said or "null")

    def large(self, operation: str, content: bytes, repository: str = "owner/one") -> bytes:
        """Upload or download a file of Git LFS, as its client does."""
        oid, kind = hashlib.sha256(content).hexdigest(), "application/vnd.git-lfs+json"
        wanted = {"operation": operation, "objects": [{"oid": oid, "size": len(content)}]}
        said = self.ask(
            f"https://git.test/{repository}.git/info/lfs/objects/batch",
            *("-H", f"Accept: {kind}", "-H", f"Content-Type: {kind}"),
            content=json.dumps(wanted).encode(),
        )
        action = json.loads(said)["objects"][0]["actions"][operation]
        upload = {"upload": ("-X", "PUT", "-H", "Content-Type: application/octet-stream")}
        given = content if operation == "upload" else b""
        return self.ask(action["href"], *upload.get(operation, ()), content=given)

    def fill(self) -> None:
        """A repository with an issue and a large file."""
        self.api("POST", "user/repos", name="one")
        self.api("POST", "repos/owner/one/issues", title="It works")
        self.large("upload", LARGE)

    def keeps(self) -> None:
        """All that its users have put there is there."""
        assert [each["title"] for each in self.api("GET", "repos/owner/one/issues")] == ["It works"]
        assert self.large("download", LARGE) == LARGE

    def git(self, *words: str | Path) -> str:
        """Git on this machine, which knows the server's name and trusts its certificate."""
        ssh = f"ssh -i {self.project.folder}/id -o IdentitiesOnly=yes -o UserKnownHostsFile={self.vps.known_hosts}"
        options = ["-c", f"http.curloptResolve=git.test:443:{self.vps.address}", "-c", "http.sslVerify=false"]
        done = subprocess.run(
            [*GIT, *options, *words],
            capture_output=True,
            text=True,
            env=os.environ | {"GIT_SSH_COMMAND": ssh},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def runs(self) -> str:
        return self.vps.run(f"readlink {HOME}/bin/gitea; systemctl is-active {UNIT}").stdout


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """What the first apply finds there is what Gitea needs, except PostgreSQL: test_gitea.py has all installed."""
    with Machine.boot(release, PACKAGES) as machine:
        yield machine


@pytest.fixture(scope="module")
def forge(vps: Machine, acme: AcmeServer, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Forge:
    """What a user has who has written a few lines, with something that is wrong in them."""
    folder = tmp_path_factory.mktemp("user")
    vps.add_hosts({"git.test": "127.0.0.1", "old.test": "127.0.0.1"})
    place = vps.root / "srv/downloads"
    place.mkdir()
    made = programs()
    for name, content in made.items():
        (place / name).write_bytes(content)
    vps.run(
        "systemd-run --unit downloads python3 -m http.server 9009 --bind 127.0.0.1 --directory /srv/downloads"
    )
    (place / "half.py").write_text(CUT_OFF)
    vps.run("systemd-run --unit half python3 /srv/downloads/half.py")
    until_listening(vps, 9009)
    until_listening(vps, 9010)
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "id"], check=True)
    security = {"ssh": {"allow_users": []}} | dict.fromkeys(OFF, False)
    project = Project(folder, vps, acme, {}, {"backups": {"recipient": "key.asc"}, "security": security})
    project.sites["git.test"] = {"kind": "gitea", "email": "me@git.test", "wait": "20s", "database": DATABASE}
    project.sites["old.test"] = {"kind": "redirect", "to": "https://example.org", "https": False}
    return Forge(project, {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}, key)
