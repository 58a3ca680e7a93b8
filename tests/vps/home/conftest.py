"""A real server with archives, and a home server (this machine) whose key can only read them."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from chance import noise
from deployer.backups.archives import Archive
from deployer.home.store import Store
from deployer.rehearsal.machine import Machine
from home.sample import lay, now
from typed import typed
from vps.conftest import PREINSTALLED
from vps.project import Project

NIGHT = timedelta(days=1)


@dataclass
class HomeServer:
    """The folder of a user at home; `section` is `home:` of sites.yaml without what every test has."""

    vps: Machine
    folder: Path
    key: Path
    section: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return self.folder / "archives"

    @property
    def store(self) -> Store:
        return Store(self.directory)

    @property
    def there(self) -> Path:
        """The folder of archives on the server."""
        return self.vps.root / "home/backups"

    def write(self) -> Path:
        reach = {"host": self.vps.address, "host_key": self.vps.host_key} | self.server
        home = {"directory": str(self.directory), "key": str(self.key)} | self.section
        path = self.folder / "sites.yaml"
        path.write_text(yaml.safe_dump({"server": {k: v for k, v in reach.items() if v}, "home": home}))
        return path

    def deploy(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line as at night, without a terminal."""
        self.write()
        done = typed(arguments, self.folder, {**os.environ, "HOME": str(self.folder)}, seconds=120)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def pull(self, code: int | None = 0) -> dict[str, Any]:
        """Pull; what it says as JSON."""
        return json.loads(self.deploy("backup", "--pull", "--json", code=code).stdout)

    def offer(self, name: str, nights: int = 1, size: int = 50_000) -> list[Archive]:
        """Put archives of the last nights onto the server, the newest first."""
        made = [Archive(name, now() - night * NIGHT, size) for night in range(nights)]
        for archive in made:
            lay(self.there, archive, noise(size))
        return made

    def paths(self) -> list[str]:
        """The archives at home."""
        return sorted(archive.path for archive in self.store.held())


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """One release is enough: what differs is tried with the restricted keys."""
    with Machine.boot("debian-13", PREINSTALLED) as machine:
        yield machine


@pytest.fixture(scope="module")
def key(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key that can only read backups, as `deploy apply` lets it in."""
    folder = tmp_path_factory.mktemp("apply")
    path = folder / "backups"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    project = Project(folder, vps, None, {})
    repository = project.repository("page", {"index.html": "<h1>One</h1>"})
    project.sites["page.test"] = {"kind": "static", "repository": repository, "https": False}
    project.more["keys"] = {
        "home": {"public": path.with_name("backups.pub").read_text(), "pull_backups": True}
    }
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    return path


@pytest.fixture
def home(vps: Machine, key: Path, tmp_path: Path) -> Iterator[HomeServer]:
    """A home server with nothing in it yet, and a server without archives."""
    made = HomeServer(vps, tmp_path, key)
    made.directory.mkdir()
    made.store.settle()
    yield made
    for folder in made.there.iterdir():
        shutil.rmtree(folder)
