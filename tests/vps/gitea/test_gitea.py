"""Gitea from nothing to nothing: refused downloads, its first user, clones, a backup, upgrades with the way back.

GITEA_BINARY names a real one, and GITEA_BINARY_BEFORE an older one that it can be upgraded from; without them a
stand-in of the tests takes their place, and the tests say so. Its database is one of three by chance, or what
GITEA_DATABASE names.
"""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chance import SEED, noise
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import GIT, Project
from vps.waiting import until, until_listening

__all__ = ["key"]
pytestmark = pytest.mark.takes_turns("module")
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
    """Three of them, by name: an older one, a newer one, and one that never gets well."""
    broken = STAND_IN.replace("BROKEN = False", "BROKEN = True")
    newer, older = (os.environ.get(name) for name in ("GITEA_BINARY", "GITEA_BINARY_BEFORE"))
    found = {"old": STAND_IN.replace("SCHEMA = 331", "SCHEMA = 324").encode(), "new": STAND_IN.encode()}
    if newer and older:
        found = {"old": Path(older).read_bytes(), "new": Path(newer).read_bytes()}
    print("Gitea:", f"{older} and {newer}" if newer and older else "a stand-in of the tests", "on", DATABASE)
    return {**found, "broken": broken.encode()}


@dataclass
class Forge:
    """A user's folder, and the Gitea that it brings up."""

    project: Project
    digests: dict[str, str]
    key: Key

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
        ask = ["curl", "-sk", "--fail-with-body", "-u", f"owner:{self.password}", *options]
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

    def large(self, operation: str, content: bytes) -> bytes:
        """Upload or download a file of Git LFS, as its client does."""
        oid, kind = hashlib.sha256(content).hexdigest(), "application/vnd.git-lfs+json"
        wanted = {"operation": operation, "objects": [{"oid": oid, "size": len(content)}]}
        said = self.ask(
            "https://git.test/owner/one.git/info/lfs/objects/batch",
            *("-H", f"Accept: {kind}", "-H", f"Content-Type: {kind}"),
            content=json.dumps(wanted).encode(),
        )
        action = json.loads(said)["objects"][0]["actions"][operation]
        upload = {"upload": ("-X", "PUT", "-H", "Content-Type: application/octet-stream")}
        given = content if operation == "upload" else b""
        return self.ask(action["href"], *upload.get(operation, ()), content=given)

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


def test_what_is_not_its_program_is_never_run(forge: Forge) -> None:
    forge.wants("old", "1.25.0", sha256="0" * 64)
    said = forge.deploy("apply", "--yes", code=1)
    assert "is not what sites.yaml says" in said
    assert "everything else goes live" in said
    assert forge.project.get("old.test", scheme="http")[0] == 301
    forge.wants("old", "1.25.0", binary="http://127.0.0.1:9009/missing")
    assert "cannot be had: curl: (22)" in forge.deploy("apply", "--yes", code=1)
    assert forge.vps.run(f"ls -A {HOME}/bin").stdout == ""


def test_a_first_start_that_fails_leaves_nothing_that_runs(forge: Forge) -> None:
    forge.wants("broken", "1.25.9")
    said = forge.deploy("apply", "--yes", code=1)
    assert "Unable to load this database" in said
    assert "git.test stays as it was" in said
    assert (
        forge.vps.run(f"systemctl is-active {UNIT}; ls /etc/deploy/gitea", check=False).stdout == "inactive\n"
    )


def test_it_runs_and_has_one_user(forge: Forge) -> None:
    forge.wants("old", "1.25.0", binary="http://127.0.0.1:9010/old")
    assert "the next apply goes on from there" in forge.deploy("apply", "--yes", code=1)
    forge.deploy("apply", "--yes")
    assert "Nothing to change" in forge.deploy("plan")
    assert forge.project.get("git.test", "/api/healthz")[0] == 200
    assert forge.api("GET", "user")["login"] == "owner"
    seen = forge.vps.run(
        f"ps -ef; cat /etc/deploy/gitea/*; systemctl cat {UNIT}; journalctl -u {UNIT}; grep -r . /var/log/deploy || :"
    ).stdout
    secrets = forge.vps.run(f"for each in {HOME}/secrets/[A-Z]*; do cat $each; echo; done").stdout.split()
    assert len(secrets) == 5
    assert [secret for secret in [*secrets, forge.password] if secret in seen] == []
    modes = forge.vps.run(
        f"stat -c '%a %U:%G' {HOME}/secrets {HOME}/secrets/SECRET_KEY {HOME}/.env {HOME}/data /home/git/.ssh"
    ).stdout
    assert modes.splitlines() == [
        "750 root:git",
        "640 root:git",
        "600 root:root",
        "750 git:git",
        "700 git:git",
    ]


def test_what_is_pushed_by_https_is_cloned_by_ssh(forge: Forge) -> None:
    folder = forge.project.folder
    forge.api("POST", "user/repos", name="one")
    forge.api("POST", "user/keys", title="laptop", key=(folder / "id.pub").read_text().rsplit(" ", 1)[0])
    forge.api("POST", "repos/owner/one/issues", title="It works")
    forge.project.repository("work", {"page.html": "one\n"})
    forge.git(
        "-C", folder / "work", "push", "-q", f"https://owner:{forge.password}@git.test/owner/one.git", "main"
    )
    forge.git("clone", "-q", f"git@{forge.vps.address}:owner/one.git", folder / "clone")
    assert (folder / "clone/page.html").read_text() == "one\n"
    forge.large("upload", LARGE)
    done = forge.vps.run("sha256sum --check --quiet /var/lib/deploy/manifest", check=False)
    assert done.stdout == ""  # it has written to none of our files


def test_what_was_saved_comes_back_on_an_empty_server(forge: Forge) -> None:
    assert "git.test is backed up" in forge.deploy("backup")
    secrets = forge.vps.run(f"cd {HOME}/secrets && sha256sum [A-Z]*").stdout
    password = forge.password
    forge.vps.run(
        f"systemctl stop {UNIT}; {LOSE.get(DATABASE, 'true')} && rm -r {HOME} /home/git && userdel --force git"
    )
    forge.vps.run("rm -r /var/lib/deploy /etc/deploy/gitea /etc/sysusers.d/deploy-git.test.conf")
    forge.wants("old", "1.25.0")
    forge.deploy("apply", "--yes")
    assert forge.password != password
    forge.deploy("restore", "git.test", "--yes")
    assert forge.vps.run(f"cd {HOME}/secrets && sha256sum [A-Z]*").stdout == secrets
    assert forge.password == password
    forge.keeps()
    forge.git("clone", "-q", f"git@{forge.vps.address}:owner/one.git", forge.project.folder / "again")
    assert "Nothing to change" in forge.deploy("plan")


def test_an_upgrade_has_a_way_back(forge: Forge) -> None:
    forge.wants("broken", "1.25.9")
    said = forge.deploy("apply", "--yes", code=1)
    assert "Unable to load this database" in said
    assert "runs again, with the database of before" in said
    assert said.count("is not well after") == 1
    assert forge.runs().startswith("gitea-1.25.0-")
    assert forge.runs().endswith("\nactive\n")
    until(forge.vps, "curl -sf http://127.0.0.1:3000/api/healthz")  # its unit was started once more
    forge.keeps()
    forge.wants("new", "1.26.0")
    forge.deploy("apply", "--yes")
    assert forge.runs().startswith("gitea-1.26.0-")
    forge.keeps()
    assert "Nothing to change" in forge.deploy("plan")
    forge.wants("old", "1.25.0")  # whose binary does not know the database any more
    assert "is for a newer Gitea" in forge.deploy("apply", "--yes", code=1)
    assert forge.runs().startswith("gitea-1.26.0-")
    until(forge.vps, "curl -sf http://127.0.0.1:3000/api/healthz")
    forge.keeps()
    forge.wants("new", "1.26.0")


def test_nothing_is_left_but_data(forge: Forge) -> None:
    del forge.project.sites["git.test"]
    forge.deploy("apply", "--yes", "--take-off", "1")
    assert forge.vps.run("find /etc/deploy/gitea /etc/systemd -name '*git.test*'").stdout == ""
    assert forge.vps.run("pgrep -u git", check=False).returncode == 1
    assert forge.vps.run(f"stat -c %U {HOME}/data").stdout == "git\n"
    assert "git" not in forge.vps.run("sshd -T | grep -i allowusers").stdout
