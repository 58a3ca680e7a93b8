"""A server with Docker and databases, and a GPG key whose private half is on this machine only."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from deployer.parts.backups import backup_files, scripts_of
from deployer.parts.rendering import rendered
from deployer.rehearsal.machine import Machine
from deployer.shares.backup import Backup
from deployer.values.backups import Backups
from deployer.values.saved import FolderBackup
from vps.restore.conftest import boot
from vps.services.conftest import Composition, compositions, install_scripts, prepare, shared_image

GPG = ["gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]


@dataclass(frozen=True)
class Key:
    """A key pair in a home of its own."""

    home: Path
    public: Path

    def gpg(self, *arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
        argv = [*GPG, "--homedir", self.home, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, **more)

    def stop_agent(self) -> None:
        """End the gpg-agent that gpg has started for it."""
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "gpg-agent"], check=True)


def make_key(folder: Path, usage: str = "default", expire: str = "never", when: str = "") -> Key:
    """A key pair; `when` is the time at which it is made, as 20200101T000000."""
    home = folder / "gpg"
    home.mkdir(parents=True, mode=0o700)
    key = Key(home, folder / "backup-key.asc")
    faked = ["--faked-system-time", when] if when else []
    algorithm = "ed25519" if usage == "sign" else "future-default"  # RSA takes seconds
    key.gpg(*faked, "--quick-gen-key", "backup@example.org", algorithm, usage, expire)
    key.public.write_bytes(key.gpg("--armor", "--export").stdout)
    key.stop_agent()
    return key


@dataclass
class Backed:
    """Something on the server that is backed up."""

    vps: Machine
    key: Key
    name: str
    begin: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.vps.root / "home/backups" / self.name

    def archives(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*.gpg"))

    def run(self, *options: str, code: int = 0) -> str:
        """Back it up; what was said."""
        done = self.vps.run(f"/etc/deploy/backup/{self.name} {' '.join(options)}", check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def log(self) -> dict[str, Any]:
        """The last line of the log."""
        lines = (self.vps.root / "var/log/deploy/backup.log").read_text().splitlines()
        return [entry for line in lines if (entry := json.loads(line))["site"] == self.name][-1]

    def unpack(self, folder: Path, archive: str = "") -> Path:
        """Unpack an archive as a person does, with its numbers checked; the newest one without a name."""
        path = self.folder / (archive or self.archives()[-1])
        subprocess.run(
            ["sha256sum", "--check", "--quiet", f"{path.name}.sha256"], cwd=path.parent, check=True
        )
        plain = folder / "plain.tar"
        gpg = f"gpg --batch --quiet --homedir {self.key.home} --decrypt {path}"
        subprocess.run(["bash", "-o", "pipefail", "-c", f"{gpg} | zstd -dq > {plain}"], check=True)
        names = subprocess.run(["tar", "-tf", plain], check=True, capture_output=True).stdout.splitlines()
        tree = folder / "tree"
        tree.mkdir()
        subprocess.run(
            ["tar", "--acls", "--xattrs", "--xattrs-include=*", "-xpf", plain, "-C", tree], check=True
        )
        own = tree / "srv/deploy" / self.name / "backup"
        assert names[0].decode() == f"srv/deploy/{self.name}/backup/begin.json"
        assert names[-1].decode() == f"srv/deploy/{self.name}/backup/end.json"
        self.end = json.loads((own / "end.json").read_text())
        assert self.end["members"] == len(names) - 1
        self.begin = json.loads((own / "begin.json").read_text())
        plain.unlink()
        return tree

    def decrypt(self, plain: Path) -> None:
        """The newest archive as a plain tar."""
        gpg = f"gpg --batch --quiet --homedir {self.key.home} --decrypt {self.folder / self.archives()[-1]}"
        subprocess.run(["bash", "-o", "pipefail", "-c", f"{gpg} | zstd -dq >{plain}"], check=True)

    def restore(self) -> None:
        """Decrypt the newest archive here, and let the server put back what is in it."""
        plain = self.vps.root / "root/plain.tar"
        self.decrypt(plain)
        done = self.vps.run(f"/usr/local/lib/deploy/bin/restore {self.name} </root/plain.tar", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        plain.unlink()

    def dump(self, tree: Path) -> bytes:
        """The dump in an unpacked archive."""
        pieces = sorted((tree / "srv/deploy" / self.name / "backup/dump").iterdir())
        return b"".join(piece.read_bytes() for piece in pieces)

    def state(self) -> tuple[Any, ...]:
        """What must not change when a backup fails: archives, and nothing half beside them."""
        return self.archives(), sorted(path.name for path in self.folder.glob("*"))

    def fails(self, *options: str) -> str:
        """A backup that must fail and leave the archives as they were; what was said."""
        before = self.state()
        said = self.run(*options, code=1)
        assert self.state() == before
        assert self.log()["result"] == "failed"
        assert self.vps.run("ls /dev/shm").stdout == ""
        assert not (self.vps.root / f"srv/deploy/{self.name}/backup/stopped").exists()
        return said


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    key = make_key(tmp_path_factory.mktemp("key"))
    yield key
    key.stop_agent()


@pytest.fixture(scope="module")
def vps(throwaway: None, key: Key) -> Iterator[Machine]:
    """A server with Docker, the databases' programs, and the files of backups."""
    with boot() as machine:
        install_scripts(machine)
        machine.run("mkdir -p /etc/deploy/sites /etc/deploy/backup /srv/deploy")
        configure(machine, key)
        yield machine


@pytest.fixture(scope="module")
def vps_with_images(vps: Machine) -> Machine:
    """The same with a registry, and NGINX for what runs in containers."""
    prepare(vps)
    return vps


def configure(vps: Machine, key: Key, **values: Any) -> None:
    """Write what all backups share, as `deploy apply` would."""
    backups = Backups.model_validate(
        {"recipient": key.public.name, **values}, context={"folder": key.public.parent}
    )
    put(vps, backup_files(type("Config", (), {"backups": backups})()))


def put(vps: Machine, files: dict[str, Any]) -> None:
    for path, file in files.items():
        target = vps.root / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(file.mode)


@contextmanager
def standing_still(vps: Machine, until: str = "false") -> Iterator[None]:
    """Backups stand still where they read files of a megabyte, until this is so, or at most as long as this lasts."""
    wait = f"until [ ! -e /run/still ] || {{ {until}; }}; do sleep 0.05; done"
    put_zstd(vps, wait)
    vps.run("touch /run/still")
    try:
        yield
    finally:
        vps.run("rm /run/still")
        put_zstd(vps, ":")  # who has looked for it by now finds it there


def put_zstd(vps: Machine, first: str) -> None:
    """The program that is found before the real one does this before it is that."""
    program = vps.root / "usr/local/bin/zstd"
    program.with_name("new").write_text(f'#!/bin/sh\n{first}\nexec /usr/bin/zstd "$@"\n')
    program.with_name("new").chmod(0o755)
    program.with_name("new").rename(program)


@pytest.fixture(scope="module")
def image(vps_with_images: Machine) -> str:
    """The image that all compositions have."""
    return shared_image(vps_with_images)


@pytest.fixture
def new_composition(vps: Machine, image: str) -> Iterator[Callable[..., Composition]]:
    with compositions(vps, image) as make:
        yield make


@pytest.fixture
def folder(vps: Machine, key: Key) -> Callable[..., Backed]:
    """Makes folders that are backed up."""

    def make(name: str, *paths: str, **more: Any) -> Backed:
        # the script copes with names that sites.yaml does not take
        each = FolderBackup(paths=("/srv",), **more)
        put(
            vps,
            scripts_of(
                {name: Backup(paths, exclude=each.exclude, stop=each.stop, dump=each.dump, load=each.load)}
            ),
        )
        return Backed(vps, key, name)

    return make


def composed(app: Composition, key: Key, backup: Backup) -> Backed:
    """The script of a composition, as `deploy apply` would write it."""
    file = rendered(
        "backup/compose",
        0o755,
        name=app.name,
        backup=replace(backup, kind="compose", folder=f"/opt/{app.name}"),
        paths=[f"/opt/{app.name}" if path == "." else f"/opt/{app.name}/{path}" for path in backup.paths],
        databases=[f"/opt/{app.name}/{path}" for path in backup.databases],
    )
    put(app.vps, {f"/etc/deploy/backup/{app.name}": file})
    return Backed(app.vps, key, app.name)
