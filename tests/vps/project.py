"""A user's folder: sites.yaml, the repositories beside it, and the command line, against a throwaway VPS."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import yaml

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from typed import typed
from vps.waiting import client, until

DEPLOY = [sys.executable, "-m", "deployer"]
CURL = ["curl", "--silent", "--insecure", "--write-out", "\n%{http_code}"]
GIT = ["git", "-c", "user.name=Alma", "-c", "user.email=alma@example.org"]


@dataclass
class Project:
    """What a user has on the laptop; `sites` is written to sites.yaml before each call."""

    folder: Path
    vps: Machine
    acme: AcmeServer | None
    sites: dict[str, dict[str, Any]]
    more: dict[str, Any] = field(default_factory=dict)
    """Other keys of sites.yaml, such as `updates`."""

    def deploy(
        self, *arguments: str, meanwhile: Callable[[BaseProcess], None] | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line as a user without a terminal; `meanwhile` gets its process."""
        self.write()
        return typed(arguments, self.folder, {**os.environ, **environment}, meanwhile=meanwhile)

    def interrupted(self, begun: str, *arguments: str, **environment: str) -> str:
        """What a command says on standard error that gets Ctrl-C as soon as this is so on the server."""
        self.write()
        env = {**os.environ, **environment}
        argv = [*DEPLOY, *arguments]
        process = client(argv, cwd=self.folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until(self.vps, begun)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
        assert (process.returncode, said.splitlines()[-1]) == (130, "Interrupted."), said
        return said

    def write(self, **server: object) -> None:
        """Write sites.yaml; keyword arguments replace keys of `server`."""
        vps = self.vps
        reach = {"host": vps.address, "host_key": vps.host_key, "key": str(vps.key)} | server
        config: dict[str, Any] = {"server": reach, "sites": self.sites, "security": False, **self.more}
        if self.acme:
            config["acme"] = {"server": self.acme.directory, "ca": str(self.acme.ca)}
        (self.folder / "sites.yaml").write_text(yaml.safe_dump(config))

    def apply(self, *sites: str) -> subprocess.CompletedProcess[str]:
        """Apply without being asked."""
        return self.deploy("apply", *sites, "--yes")

    def plan(self) -> dict[str, Any]:
        """The plan as JSON."""
        done = self.deploy("plan", "--json")
        assert done.returncode in (0, 4), done.stderr
        return json.loads(done.stdout)

    def repository(self, name: str, files: dict[str, str]) -> str:
        """A Git repository beside sites.yaml with one commit."""
        folder = self.folder / name
        folder.mkdir()
        subprocess.run([*GIT, "init", "--quiet", "--initial-branch=main", folder], check=True)
        self.commit(name, files)
        return name

    def commit(self, name: str, files: dict[str, str], message: str = "Change it") -> None:
        """Commit these files."""
        for path, content in files.items():
            file = self.folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        subprocess.run([*GIT, "-C", self.folder / name, "add", "."], check=True)
        subprocess.run([*GIT, "-C", self.folder / name, "commit", "--quiet", "-m", message], check=True)

    def get(self, domain: str, path: str = "/", scheme: str = "https") -> tuple[int, str]:
        """The status and the body that a visitor gets."""
        port = {"https": 443, "http": 80}[scheme]
        done = subprocess.run(
            [*CURL, "--resolve", f"{domain}:{port}:{self.vps.address}", f"{scheme}://{domain}{path}"],
            capture_output=True,
            text=True,
            check=False,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def reset(self) -> None:
        """Make the server forget all that it was given."""
        self.vps.run(
            "rm -rf /var/lib/deploy /srv/deploy /etc/deploy /etc/nginx/conf.d/* /etc/nginx/deploy"
            " /var/www/*.test /etc/letsencrypt/{live,archive,renewal} /usr/local/lib/deploy;"
            "systemctl reset-failed; systemctl reload-or-restart nginx"
        )
