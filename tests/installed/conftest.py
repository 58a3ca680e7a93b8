"""The programs of a server where there is none: below a root of their own, each call some milliseconds."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import deployer

INSTALLED = Path(deployer.__file__).parent / "server/installed"
PROGRAMS = sorted(path.name for path in (INSTALLED / "bin").iterdir())


@dataclass(frozen=True)
class Root:
    """A folder that a server's paths are in."""

    folder: Path

    def run(self, program: str, *arguments: str, code: int = 0, **environment: str) -> str:
        """What a program says there."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DEPLOY_ROOT": str(self.folder)}
        done = subprocess.run(
            [INSTALLED / "bin" / program, *arguments],
            env=env | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def processes(self, program: str, *arguments: str) -> int:
        """How many processes a program starts: who comes after it has their number, where none was before."""
        env = {"PATH": os.environ["PATH"], "DEPLOY_ROOT": str(self.folder), "TZ": "UTC0"}
        count = [
            "unshare",
            "--pid",
            "--fork",
            "sh",
            "-c",
            '"$0" "$@" >/dev/null || exit 1; sh -c "echo \\$\\$"',
        ]
        argv = [*count, INSTALLED / "bin" / program, *arguments]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == ""
        return int(done.stdout)

    def path(self, path: str) -> Path:
        """Where that of a server is here; its folder is there."""
        found = self.folder / path.lstrip("/")
        found.parent.mkdir(parents=True, exist_ok=True)
        return found

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        self.path(path).write_text(text)
        self.path(path).chmod(mode)

    def site(self, name: str, **values: str) -> None:
        """The values of a site that is its files, as apply writes them."""
        lines = {
            "DOMAIN": name,
            "KIND": "static",
            "REPOSITORY": "",
            "BRANCH": "main",
            "KEEP": "3",
            "HTTPS": "0",
        }
        self._values(name, lines | values)

    def service(self, name: str, **values: str) -> None:
        """Those of a service in containers."""
        lines = {
            "NAME": name,
            "DOMAIN": "",
            "KIND": "compose",
            "PROJECT": name,
            "DIRECTORY": f"{self.folder}/opt/{name}",
        }
        self._values(name, lines | values)

    def _values(self, name: str, values: dict[str, str]) -> None:
        self.write(
            f"/etc/deploy/sites/{name}.conf", "".join(f"{key}='{text}'\n" for key, text in values.items())
        )


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path)
    for folder in ("srv/deploy", "var/lib/deploy", "var/log/deploy", "var/www", "home/backups", "dev/shm"):
        (tmp_path / folder).mkdir(parents=True)
    return made
