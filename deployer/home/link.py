"""The way to the archives on the server: rsync over SSH, by a key that can only read."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from deployer.backups.archives import Archive
from deployer.config.home import Home
from deployer.config.server import Server
from deployer.errors import DeployError, UnreachableError
from deployer.home import programs
from deployer.home.failures import NOT_RSYNC, failure
from deployer.home.offers import LARGEST_DIGEST
from deployer.server.hostkeys import trust
from deployer.server.way import way_to
from deployer.waiting import waiting

SILENCE = 30  # seconds after which a link without a word counts as broken
ALIAS = "deploy-server"
ARCHIVES = "/home/backups/"


def revoked_for(server: Server, user: str) -> list[str]:
    """The keys that this server may not show, though they be pinned."""
    trusted = trust(way_to(server.host, server.port, user), server.host_key)
    revoked = [line for line in trusted.known.lines if line.role == "revoked"]
    return [line.key for line in revoked if any(map(line.is_about, trusted.names))]


class Link:
    """Reads from the server: a connection for lists and one for archives, which end with the context."""

    def __init__(self, server: Server, home: Home, silence: int = SILENCE) -> None:
        self.rsync, self.ssh = programs.rsync(), programs.require("ssh", "openssh-client")
        self.server, self.home, self.silence = server, home, silence
        self.folder = Path(tempfile.mkdtemp(prefix="deploy-"))
        (self.folder / "config").write_text(self._settings())
        if server.host_key:
            revoked = [f"@revoked * {key}" for key in revoked_for(server, home.user)]
            lines = [f"{ALIAS} {server.host_key}", *revoked]
            (self.folder / "known_hosts").write_text("".join(f"{line}\n" for line in lines))

    def listing(self) -> str:
        """What `rsync --list-only` says of everything below the folder of archives, times in UTC."""
        return self._rsync("--recursive", "--list-only", "--no-human-readable", self._from(""), small=True)

    def digests(self, paths: Sequence[str], folder: Path) -> None:
        """Bring files of digests below a folder, each at its path; what has gone meanwhile is left out."""
        if paths:
            options = ("--ignore-missing-args", f"--max-size={LARGEST_DIGEST}", "--files-from=-")
            asked = "".join(f"{path}\n" for path in paths)
            self._rsync(*options, self._from(""), f"{folder}/", given=asked, small=True)

    def fetch(self, archives: Sequence[Archive], folder: Path) -> None:
        """Bring archives below a folder, each at its path; what is there of one already is not sent again."""
        if archives:
            options = ("--times", "--omit-dir-times", "--append-verify", "--files-from=-")
            paths = "".join(f"{archive.path}\n" for archive in archives)
            self._rsync(*options, self._from(""), f"{folder}/", given=paths)

    def reset(self) -> None:
        """End the connection, so that the next call makes a new one."""
        for small in (True, False):
            argv = [*self._remote(small), "-O", "exit", self._host()]
            subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reset()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _settings(self) -> str:
        key = self.home.key or self.server.key
        if key and not Path(key).is_file():
            raise UnreachableError(f"there is no key {key}", "It is home.key, or server.key, in sites.yaml")
        # what is said of the server must not be said of a jump on the way to it (ProxyJump)
        of_the_server = [f"User {self.home.user}", f"Port {self.server.port}"]
        if key:
            of_the_server += [f'IdentityFile "{key}"', "IdentitiesOnly yes"]
        if self.server.host_key:
            of_the_server += [f"HostKeyAlias {ALIAS}", f'UserKnownHostsFile "{self.folder}/known_hosts"']
            of_the_server += ["GlobalKnownHostsFile /dev/null"]
        of_the_server += ["ControlMaster auto", "ControlPersist 60", f'ControlPath "{self.folder}/control"']
        of_all = [
            "BatchMode yes",
            "StrictHostKeyChecking yes",
            "ConnectTimeout 10",
            "ConnectionAttempts 1",
            f"ServerAliveInterval {max(1, self.silence // 3)}",
            "ServerAliveCountMax 3",
            "Include ~/.ssh/config",
        ]
        blocks = ([f"Host {self.server.host}", *of_the_server], ["Host *", *of_all])
        return "".join("\n  ".join(block) + "\n" for block in blocks)

    def _host(self) -> str:
        host = self.server.host
        return f"{self.home.user}@{f'[{host}]' if ':' in host else host}"

    def _from(self, path: str) -> str:
        # a key that can only read archives sees their folder as its root; root has the whole server
        return f"{self._host()}:{ARCHIVES if self.home.user == 'root' else ''}{path}"

    def _remote(self, small: bool) -> list[str]:
        # lists shrink to a quarter; what is encrypted would only cost the server's time, and has its own line
        ways = ("-o", "Compression=yes", "-o", f"ControlPath={self.folder}/small") if small else ()
        return [self.ssh, "-F", str(self.folder / "config"), *ways]

    def _rsync(self, *arguments: str, given: str = "", small: bool = False) -> str:
        remote = shlex.join(self._remote(small))
        argv = [self.rsync, f"--timeout={self.silence}", "-e", remote, *arguments]
        with waiting(f"{'asking' if small else 'fetching from'} {self.server.host}"):
            done = subprocess.run(
                argv,
                env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        if done.returncode:
            raise self._failure(done.returncode, done.stderr)
        return done.stdout

    def _failure(self, code: int, said: str) -> DeployError:
        where = f"{self.home.user}@{self.server.host}:{self.server.port}"
        # the key of another user can run nothing by which one could look
        shell = self.home.user == "root" and code in NOT_RSYNC
        return failure(where, code, said, self._greeting() if shell else "")

    def _greeting(self) -> str:
        """What a login says that is asked for nothing: to rsync, it is a wrong answer."""
        argv = ["ssh", "-F", str(self.folder / "config"), self._host(), "true"]
        done = subprocess.run(
            argv, capture_output=True, stdin=subprocess.DEVNULL, text=True, errors="replace", check=False
        )
        return done.stdout.strip()
