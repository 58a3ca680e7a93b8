"""Archives made by hand, step by step as their format says, and a way to compare folders byte for byte."""

import json
import shlex
from dataclasses import dataclass, field, replace
from typing import Any

from deployer.parts.rendering import rendered
from deployer.rehearsal.machine import Machine
from deployer.shares.backup import Backup

TAR = "tar -b1 --numeric-owner --acls --xattrs --sparse -C"
STATE = "LC_ALL=C tar --sort=name --numeric-owner --acls --xattrs --format=posix --pax-option=delete=atime,delete=ctime"


@dataclass
class Archive:
    """What goes into an archive; `begin` and `end` replace values of its first and last member."""

    name: str
    paths: tuple[str, ...] = ()
    volumes: dict[str, str] = field(default_factory=dict)
    dump: str = ""  # a command on the server
    load: str = ""
    service: str = ""
    begin: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()

    def make(self, vps: Machine) -> str:
        """Make it; its path on the server, as a plain tar."""
        place = f"srv/deploy/{self.name}/backup"
        begin = {
            "name": self.name,
            "kind": "compose",
            "time": "2026-11-20T23:00:00Z",
            "host": "vps",
            "format": 1,
            "project": self.name.replace(".", "-"),
            "volumes": self.volumes,
            "paths": list(self.paths),
            "dump": bool(self.dump),
            "load": self.load,
            "service": self.service,
            "consistency": "stop",
        } | self.begin
        there = [path.lstrip("/") for path in (*self.paths, *self.volumes.values())]
        given = " ".join(shlex.quote(path) for path in there)
        left_out = " ".join(f"--exclude={shlex.quote(pattern)}" for pattern in self.exclude)
        script = f"""
        set -euo pipefail; rm -rf /root/made; mkdir -p /root/made/{place}/dump; cd /root/made
        printf %s {shlex.quote(json.dumps(begin, ensure_ascii=False))} >{place}/begin.json
        ( {self.dump or ":"} ) | split -d -a 6 -b 1M - {place}/dump/
        {{ {TAR} . -c {place}/begin.json | head -c -1024
           if [ -n "$(ls {place}/dump)" ]; then {TAR} . -c {place}/dump/0* | head -c -1024; fi
           if [ -n {shlex.quote(given)} ]; then {TAR} / {left_out} -c {given} | head -c -1024; fi; }} >/root/{self.name}.part
        members=$(tar -tf /root/{self.name}.part 2>/dev/null | wc -l)
        end={shlex.quote(json.dumps({"members": "N", "warnings": []} | self.end))}
        printf %s "$end" | sed "s/\\"N\\"/$members/" >{place}/end.json
        {{ cat /root/{self.name}.part; {TAR} . -c {place}/end.json; }} >/root/{self.name}.tar
        """
        vps.run(f"bash -c {shlex.quote(script)}")
        return f"/root/{self.name}.tar"


def define(vps: Machine, archive: Archive, kind: str = "compose") -> None:
    """Have the server save just this, as `deploy apply` would write it."""
    paths = tuple(path for path in archive.paths if not path.endswith(("/.env", "/docker-compose.yml")))
    backup = Backup(paths, None, archive.dump, (), archive.load, archive.service)
    if kind == "folder":
        script = rendered("backup/systemd", name=archive.name, backup=backup, paths=paths)
    else:
        script = rendered(
            "backup/compose",
            name=archive.name,
            backup=replace(backup, kind=kind, folder=f"/opt/{archive.name}"),
            paths=paths,
            databases=(),
        )
    (vps.root / "etc/deploy/backup" / archive.name).write_bytes(script.content)


def state(vps: Machine, *paths: str) -> str:
    """Everything about these paths: content, owners, modes, times, links, ACLs and attributes, as one digest."""
    names = " ".join(shlex.quote(path.lstrip("/")) for path in paths)
    return vps.run(f"{STATE} -C / -c {names} | sha256sum").stdout


def inside(vps: Machine, folder: str) -> str:
    """The same about what is in a folder, wherever that is."""
    return vps.run(f"{STATE} -C {shlex.quote(folder)} -c . | sha256sum").stdout


def restore(vps: Machine, name: str, archive: str, *options: str, code: int = 0) -> str:
    """Run the server's own script with the archive; its output."""
    done = vps.run(f"/usr/local/lib/deploy/bin/restore {name} {' '.join(options)} <{archive}", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert not done.stderr, done.stdout + done.stderr
    return done.stdout


STRANGE = """
cd {folder}
printf 'a\\nb' >"$(printf 'new\\nline')"; echo umlaut >'ä ö'; echo dash >-rf; printf x >'quo"te'"'"
head -c 300000 /dev/urandom >random; truncate -s 4M sparse; printf end >>sparse; ln random hard
ln -s ../nowhere dangling; ln -s /etc/passwd absolute; mkfifo pipe; : >empty; mkdir -p deep/er; chmod 1777 deep
chown 4711:815 random; chmod 4750 random; chmod 000 empty; touch -d 2001-02-03 deep/er 'ä ö'
setfacl -m u:4711:rw 'ä ö'; setfattr -n user.note -v kept -- -rf
cp /bin/true capable; setcap cap_net_raw+ep capable 2>/dev/null || setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 capable
"""


def fill(vps: Machine, folder: str) -> None:
    """Put everything that a file system can have into the folder."""
    vps.run(f"mkdir -p {folder}; bash -ec {shlex.quote(STRANGE.format(folder=folder))}")
