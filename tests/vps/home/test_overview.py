"""What there is of backups in every place: verified, listed, reported."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chance import noise
from deployer.backups.archives import Archive
from deployer.home.store import MARK
from home.object_store import ObjectStore
from home.sample import Keyring, lay, now, tar_of
from vps.home.conftest import NIGHT, HomeServer

pytestmark = pytest.mark.in_turns("home", of="modules")

ARCHIVE = Archive("a.example.org", now())


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    ring = Keyring(tmp_path / "k")
    monkeypatch.setenv("GNUPGHOME", str(ring.folder))
    yield ring
    ring.stop()


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path / "store")
    yield store
    store.stop()


def test_from_the_server_to_the_report(
    home: HomeServer, keyring: Keyring, objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted = keyring.encrypt(tar_of(ARCHIVE.name, {"opt/file": noise(100_000)}), keyring.folder)
    lay(home.there, ARCHIVE, encrypted)
    old = Archive("a.example.org", now() - NIGHT, 0)
    lay(home.there, old, keyring.encrypt(tar_of(ARCHIVE.name, {}, missing=2), keyring.folder))
    home.section["s3"] = {
        "bucket": "backups",
        "endpoint": objects.endpoint,
        "credentials": str(objects.credentials()),
    }
    assert home.pull()["sites"][0]["s3"] == 2
    listed = json.loads(home.deploy("backup", "--list", "--json").stdout)["archives"]
    assert [each["place"] for each in listed if each["file"] == ARCHIVE.file] == ["home", "s3", "vps"]

    young = json.loads(home.deploy("backup", "--report", "--json").stdout)["sites"][0]
    assert (young["lacks"], young["verified"]) == ([], None), "the first verification has time still"
    home.store.mark.write_text(f"{MARK} {now() - 10 * NIGHT:%Y-%m-%dT%H:%M:%SZ}\n")
    lacking = json.loads(home.deploy("backup", "--report", "--json", code=1).stdout)["sites"][0]
    assert lacking["lacks"] == ["a verified archive"]
    assert home.pull(code=1)["troubles"] == ["a.example.org lacks a verified archive"], (
        "the timer tells the same"
    )
    verified = json.loads(home.deploy("backup", "--verify", "--json").stdout)["archives"][0]
    assert (verified["good"], verified["members"]) == (True, 2)
    whole = json.loads(home.deploy("backup", "--report", "--json").stdout)["sites"][0]
    assert (whole["copies"], whole["media"], whole["elsewhere"], whole["lacks"]) == (4, 3, 2, [])
    assert "yes" in home.deploy("backup", "--report").stdout

    home.store.remove(ARCHIVE)
    bad = home.deploy("backup", "--verify", "a.example.org", code=1)
    assert "some are missing" in bad.stderr
    assert "no archive of 'a.example.or'" in home.deploy("backup", "--verify", "a.example.or", code=2).stderr

    empty = home.folder / "empty"
    empty.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(empty))
    assert "private key" in home.deploy("backup", "--verify", code=1).stderr
    subprocess.run(["gpgconf", "--homedir", empty, "--kill", "all"], check=True)


def test_a_place_that_does_not_answer_is_told(home: HomeServer) -> None:
    home.offer("a.example.org")
    home.pull()
    home.section["s3"] = {"bucket": "backups", "endpoint": "http://127.0.0.1:9", "credentials": "keys"}
    (home.folder / "keys").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    (home.folder / "keys").chmod(0o600)
    listed = home.deploy("backup", "--list", code=1)
    (row,) = [line for line in listed.stdout.splitlines() if "a.example.org" in line]
    assert row.split()[-3:] == ["yes", "yes", "?"]
    assert "! s3: S3 (http://127.0.0.1:9) cannot be reached" in listed.stderr
