"""A server that has an archive of phpBB, and a user's folder with a forum.

PHPBB_ARCHIVE names a real one, as it is published; without it a stand-in of the tests takes its place, and the tests say so.
"""

import hashlib
import io
import os
import re
import shlex
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.test_php import PACKAGES
from vps.waiting import until

__all__ = ["key"]
STAND_IN = Path(__file__).with_name("stand_in")
ARCHIVE = "/root/{}.tar.bz2"
DOMAIN = "forum.test"
SPOILS = """<?php
define('IN_PHPBB', true);
require __DIR__ . '/../config.php';
(new mysqli($dbhost, $dbuser, $dbpasswd, $dbname))->query('DROP TABLE phpbb_topics');
is_file(__DIR__ . '/hangs') && sleep(600);
fwrite(STDERR, 'This migration is broken');
exit(1);
"""


def stand_in() -> dict[str, bytes]:
    """What has phpBB's layout, commands and forms, and nothing else of it."""
    return {
        str(each.relative_to(STAND_IN)): each.read_bytes() for each in STAND_IN.rglob("*") if each.is_file()
    }


def program() -> dict[str, bytes]:
    """The files of phpBB, by their paths."""
    real = os.environ.get("PHPBB_ARCHIVE")
    print("phpBB:", real or "a stand-in of the tests")
    if not real:
        return stand_in()
    with tarfile.open(real) as archive:
        return {
            each.name.partition("/")[2]: file.read()
            for each in archive
            if each.isfile() and (file := archive.extractfile(each))
        }


def packed(files: Mapping[str, bytes]) -> bytes:
    """As phpBB publishes it: all in one folder."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:bz2", compresslevel=1) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"phpBB3/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def archives() -> dict[str, bytes]:
    """One, a newer one, some that are not what they should be, and one whose set-up ends halfway."""
    files = program()
    constants = files["includes/constants.php"]
    version = re.compile(rb"'PHPBB_VERSION', '[^']*'")
    own = stand_in()
    found = {
        "old": files,
        "new": {**files, "docs/new.txt": b"new"},
        "spoiled": {**files, "bin/phpbbcli.php": SPOILS.encode()},
        "stuck": {**files, "bin/phpbbcli.php": SPOILS.encode(), "bin/hangs": b""},
        "future": {
            **files,
            "includes/constants.php": version.sub(b"'PHPBB_VERSION', '4.0.0-a1'", constants),
        },
        "past": {**files, "includes/constants.php": version.sub(b"'PHPBB_VERSION', '3.3.0'", constants)},
        "other": {"readme.html": b"something else"},
        "half": {**own, "install/half": b""},
        "slow": {**own, "install/half": b"", "install/hangs": b""},
    }
    whole = {name: packed(each) for name, each in found.items()}
    return {**whole, "cut": whole["old"][:-1000]}


@dataclass
class Forum:
    """A user's folder, and the forum that it brings up."""

    project: Project
    digests: dict[str, str]
    key: Key

    @property
    def vps(self) -> Machine:
        return self.project.vps

    def site(self, name: str = "old", **more: Any) -> dict[str, Any]:
        """A forum of this archive."""
        own = {"kind": "phpbb", "https": False, "email": "alma@example.org", "title": "Alma's <tea>"}
        return {**own, "archive": ARCHIVE.format(name), "sha256": self.digests[name], **more}

    def apply(self, *more: str) -> str:
        """Apply, which has to go well; what it says."""
        done = self.project.deploy("apply", "--yes", *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self) -> str:
        """Apply, which may not go well; what it says."""
        done = self.project.apply()
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr

    def curl(self, path: str, *more: str, domain: str = DOMAIN) -> tuple[int, str]:
        """The status and the body that a visitor gets, who keeps cookies."""
        words = ["curl", "-s", "-w", "\n%{http_code}", "-b", "/root/jar", "-c", "/root/jar", *more]
        words += ["--resolve", f"{domain}:80:127.0.0.1", f"http://{domain}{path}"]
        body, _, status = self.vps.run(shlex.join(words), check=False).stdout.rpartition("\n")
        return int(status), body

    def submit(self, path: str, page: str, button: str, **fields: str) -> str:
        """Fill in the form of a page, send it with this button, and read what comes; @ is before a file."""
        values = {**hidden(page), **fields, button: "1"}
        # Who answers within the second is no person
        until(self.vps, f"[ $(date +%s) -gt {values['creation_time']} ]")
        words = [word for name, value in values.items() for word in ("-F", f"{name}={value}")]
        return self.curl(path, "-L", *words)[1]

    def password(self) -> str:
        return self.project.deploy("secret", "show", DOMAIN, "PASSWORD").stdout.strip()

    def log_in(self, user: str = "admin", password: str = "") -> str:
        """As the one who may change everything; the page that comes."""
        self.vps.run("rm -f /root/jar")
        path = "/ucp.php?mode=login"
        self.submit(path, self.curl(path)[1], "login", username=user, password=password or self.password())
        return self.curl("/index.php")[1]

    def sql(self, command: str, database: str = "php-forum_test") -> str:
        return self.vps.run(f"mariadb -N {database}", input=command).stdout.strip()


def hidden(page: str) -> dict[str, str]:
    """What a form has besides what a person types."""
    inputs = [dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in re.findall(r"<input [^>]*>", page)]
    return {
        each["name"]: each["value"] for each in inputs if each.get("type") == "hidden" and "value" in each
    }


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, PACKAGES) as machine:
        yield machine


@pytest.fixture(scope="module")
def forum(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Forum:
    """A server with a forum that nobody has been to, and the archives that it can be of."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    digests = {}
    for name, content in archives().items():
        digests[name] = hashlib.sha256(content).hexdigest()
        (vps.root / ARCHIVE.format(name).lstrip("/")).write_bytes(content)
    project = Project(folder, vps, None, {}, {"backups": {"recipient": "key.asc"}})
    found = Forum(project, digests, key)
    project.sites[DOMAIN] = found.site()
    found.apply()
    assert "Nothing to change" in project.deploy("plan").stdout
    return found
