"""Restricted keys on a real server: two sites whose repositories it fetches by SSH, and a key for one of them."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from typed import typed
from vps.conftest import PREINSTALLED
from vps.project import GIT, Project

# act, which runs the workflows, may lose what a program says in the moment before it fails.
BUILD = """echo "building page.test"
test ! -e broken || { echo "broken on purpose" >&2; sleep 2; exit 3; }
cp *.html "$DEPLOY_OUTPUT"
"""


@dataclass
class Guarded(Project):
    """A project with restricted keys, whose repositories are on the server too."""

    def new_key(self, name: str) -> Path:
        """A key pair, without a passphrase; the public half has its name with .pub."""
        path = self.folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", path], check=True
        )
        return path

    def deploy_as_it_is(self, *arguments: str, folder: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line without writing sites.yaml first."""
        return typed(arguments, self.folder / folder, os.environ)

    def publish(self, domain: str, files: dict[str, str | None]) -> str:
        """Commit files (None removes one) and push them to the repository that the server reads."""
        checkout = self.folder / domain
        for name, content in files.items():
            if content is None:
                (checkout / name).unlink()
            else:
                (checkout / name).parent.mkdir(parents=True, exist_ok=True)
                (checkout / name).write_text(content)
        self.git(domain, "add", "--all")
        self.git(domain, "commit", "--quiet", "--allow-empty", "-m", "Change it")
        self.git(domain, "push", "--quiet", "origin", "main")
        return self.git(domain, "rev-parse", "HEAD")

    def git(self, domain: str, *arguments: str) -> str:
        reach = f"ssh -i {self.vps.key} -o UserKnownHostsFile={self.vps.known_hosts} -o IdentitiesOnly=yes"
        done = subprocess.run(
            [*GIT, "-C", self.folder / domain, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "GIT_SSH_COMMAND": reach},
        )
        return done.stdout.strip()

    def host(self, domain: str, files: dict[str, str | None]) -> dict[str, Any]:
        """Make a repository on the server with one commit; the site that is published from it."""
        self.vps.run(f"git init --quiet --bare --initial-branch=main /root/repositories/{domain}.git")
        subprocess.run([*GIT, "init", "--quiet", "--initial-branch=main", self.folder / domain], check=True)
        self.git(
            domain, "remote", "add", "origin", f"root@{self.vps.address}:/root/repositories/{domain}.git"
        )
        self.publish(domain, files)
        repository = f"root@localhost:/root/repositories/{domain}.git"
        return {"kind": "static", "repository": repository, "branch": "main", "https": False}

    def let_the_server_read(self, domain: str) -> None:
        """What its owner does for a private repository."""
        shown = self.deploy("key", "show", domain)
        assert shown.returncode == 0, shown.stderr
        with open(self.vps.root / "root/.ssh/authorized_keys", "a") as keys:
            keys.write(shown.stdout)

    def ssh(
        self, *words: str, key: str = "ci", options: tuple[str, ...] = (), user: str = "deploy", **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """What anybody runs who has the key and an SSH client."""
        argv = [
            "ssh",
            "-F",
            "none",
            "-i",
            self.folder / key,
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
        ]
        argv += ["-o", f"UserKnownHostsFile={self.vps.known_hosts}", "-o", "StrictHostKeyChecking=yes"]
        argv += [*options, f"{user}@{self.vps.address}", *words]
        given = {"stdin": subprocess.DEVNULL} if "input" not in more else {}
        return subprocess.run(
            argv, **(given | {"capture_output": True, "text": True, "timeout": 120, "check": False} | more)
        )

    def uses(self) -> list[dict[str, str]]:
        """The log of the keys."""
        log = self.vps.root / "var/log/deploy/keys.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, PREINSTALLED) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """The key ci may push page.test and nothing else, builder may send its files; home may fetch backups."""
    made = Guarded(tmp_path_factory.mktemp("project"), vps, None, {})
    vps.run("mkdir -p /root/repositories /etc/deploy")
    host_key = (vps.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    (vps.root / "etc/deploy/known_hosts").write_text(f"localhost {host_key}")
    page = {"index.html": "<h1>One</h1>\n", "build.sh": BUILD}
    made.sites = {
        "page.test": made.host("page.test", page) | {"build": "build.sh"},
        "other.test": made.host("other.test", {"index.html": "<h1>Other</h1>\n"}),
    }
    may = {"ci": {"push": ["page.test"]}, "home": {"pull_backups": True}, "builder": {"send": ["page.test"]}}
    for name, can in may.items():
        public = made.new_key(name).with_name(f"{name}.pub").read_text().strip()
        made.more.setdefault("keys", {})[name] = {"public": public, **can}
    applied = made.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for domain in made.sites:
        made.let_the_server_read(domain)
    return made
