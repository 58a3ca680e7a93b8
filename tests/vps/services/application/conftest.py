"""An application whose repository is on the server itself."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.services.conftest import (
    Composition,
    booted_with_builder,
    composed,
    end,
)

BUSYBOX = "/bin/busybox"


DOCKERFILE = f"""FROM scratch
COPY busybox {BUSYBOX}
COPY www /www
CMD ["{BUSYBOX}", "httpd", "-f", "-p", "80", "-h", "/www"]
"""


CRASHES = DOCKERFILE.replace('"httpd", "-f", "-p", "80", "-h", "/www"', '"false"')


RUN = f'RUN ["{BUSYBOX}", "sh", "-c", "{{}}"]\n'


FIRST, FIRST_PORT, SECOND_PORT = "first.test", 8097, 28097
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "safe.directory=*"]


@dataclass
class Application(Composition):
    """Its repository is a folder on the server itself."""

    @property
    def repository_folder(self) -> Path:
        return self.vps.root / "root/repositories" / self.name

    def commit(self, page: str = "", subject: str = "Change", **files: str) -> str:
        """Commit these files, and the page; the commit."""
        if page:
            files["www/index.html"] = f"{page}\n"
        for path, content in files.items():
            file = self.repository_folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        argv = [*GIT, "-C", str(self.repository_folder), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def configure(self, **values: object) -> None:
        mine = {
            "APPLICATION": self.name,
            "REPOSITORY": f"file:///root/repositories/{self.name}",
            "BRANCH": "",
            "CONTEXT": "",
            "DOCKERFILE": "Dockerfile",
            "TIME_LIMIT": 60,
            "MEMORY_LIMIT": 200_000_000,
            "DISK_LIMIT": 300_000_000,
            "KEEP": 3,
            "BUILT": 1,
            "WATCH": 0,
        }
        super().configure(**(mine | values))

    def images(self) -> set[str]:
        """The tags that its image has."""
        argv = "docker image ls --format '{{.Tag}}' " + self.name
        return {*self.vps.run(argv).stdout.split()}

    def one(self, **more: object) -> dict[str, object]:
        """The service `app` as its template has it."""
        return {
            "image": f"{self.name}:live",
            "pull_policy": "never",
            "ports": [f"127.0.0.1:{self.port}:80"],
            "restart": "unless-stopped",
            **more,
        }


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with Docker and its builder."""
    with booted_with_builder() as machine:
        yield machine


@pytest.fixture
def app(vps: Machine) -> Iterator[Application]:
    """A new one, whose repository has a page."""
    one = new_one(vps)
    yield one
    end(one)


@pytest.fixture
def other(vps: Machine) -> Iterator[Application]:
    """Another one, of somebody else."""
    one = new_one(vps)
    yield one
    end(one)


def new_one(vps: Machine) -> Application:
    """Its repository has a page."""
    made = composed(vps, "")
    one = Application(vps, made.name, made.port)
    one.repository_folder.mkdir(parents=True)
    one.git("init", "--quiet", "--initial-branch=main")
    shutil.copy(vps.root / "bin/busybox", one.repository_folder / "busybox")
    one.commit("one", "The first page", Dockerfile=DOCKERFILE)
    one.configure()
    one.write(app=one.one())
    return one


def nothing_goes_on(vps: Machine) -> bool:
    """Whether no build has left anything that runs."""
    return not vps.run(
        "systemctl list-units --no-legend 'deploybuild*'; pgrep -af 'docker build'", check=False
    ).stdout
