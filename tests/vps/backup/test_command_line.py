"""From sites.yaml to an archive by the command line, on both releases: apply, backup, status, the hour."""

import json
import os

import pytest
import yaml

from deployer.rehearsal.machine import Machine
from typed import typed
from vps.backup.conftest import Backed, make_key
from vps.conftest import PREINSTALLED

pytestmark = pytest.mark.takes_turns("module")

PHOTOS = {"paths": ["/srv/photos"], "stop": ["photos.service"]}


@pytest.fixture(scope="module")
def plain(release: str):
    with Machine.boot(release, PREINSTALLED) as machine:
        yield machine


@pytest.fixture(scope="module")
def deploy(plain, key, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    config = {
        "server": {"host": plain.address, "host_key": plain.host_key, "key": str(plain.key)},
        "security": False,
        "backups": {"recipient": "key.asc", "at": "03:07", "folders": {"photos": PHOTOS}},
        "sites": {"old.test": {"kind": "redirect", "to": "https://example.org", "https": False}},
    }
    (folder / "sites.yaml").write_text(yaml.safe_dump(config))

    def run(*arguments: str, code: int = 0) -> str:
        done = typed(arguments, folder, os.environ, seconds=300)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_apply_backup_status(plain, key, deploy, tmp_path):
    assert "nothing is backed up on" in deploy("backup", code=1)
    absent = "there is no /srv/photos and no photos.service"
    assert f"! {absent} (backups.folders): until there is, photos has no backup" in deploy("apply", "--yes")
    assert f"✗ photos: {absent} (see backups.folders in sites.yaml)" in deploy("backup", code=1)
    plain.run("mkdir -p /srv/photos; echo picture >/srv/photos/one")
    unit = plain.root / "etc/systemd/system/photos.service"
    unit.write_text("[Service]\nExecStart=/bin/sleep infinity\n")
    plain.run("systemctl start photos")
    assert "Nothing to change" in deploy("apply", "--yes")
    assert "There is no archive yet" in deploy("backup", "--list")
    assert plain.run("cat /etc/cron.d/deploy-backup").stdout.count("7 3 * * * root") == 1
    status = json.loads(deploy("status", "--json"))
    assert [(entry["name"], entry["fine"]) for entry in status["backups"]] == [("photos", False)]
    said = deploy("backup", "photos")
    assert "✓ photos " in said
    assert plain.run("systemctl is-active photos").stdout == "active\n"
    assert "photos is backed up\n" in said
    status = json.loads(deploy("status", "--json"))
    assert status["backups"][0]["fine"]
    assert status["key_days"] is None
    soon, public = make_key(tmp_path, expire="20d"), plain.root / "etc/deploy/backup-key.asc"
    both = key.public.read_bytes() + soon.public.read_bytes()
    public.write_bytes(both)
    assert json.loads(deploy("status", "--json"))["key_days"] in (19, 20), "of the one that ends first"
    public.write_bytes(key.public.read_bytes())
    backed = Backed(plain, key, "photos")
    assert backed.log()["by"].startswith("root@")
    tree = backed.unpack(tmp_path)
    assert (tree / "srv/photos/one").read_text() == "picture\n"
    listed = json.loads(deploy("backup", "--list", "--json"))["archives"]
    assert [each["file"] for each in listed] == backed.archives()
    assert "photos" in deploy("backup", "--list")
    plain.run("head -c 300K /dev/urandom >/srv/photos/more; sleep 1")
    deploy("backup")
    plain.run("rm /srv/photos/more; sleep 1")
    deploy("backup")
    for command in (("backup", "--list"), ("status",)):
        assert "the last one had 3" in deploy(*command), "warnings are told where archives are"
    assert "nothing of 'fotos' is backed up (did you mean 'photos'?)" in deploy("backup", "fotos", code=2)
    plain.run("mv /etc/deploy/backup/photos /root/photos")
    assert "nothing is backed up on" in deploy("backup", code=1)
    assert "not all of photos is backed up on" in deploy("backup", "photos", code=1)
    plain.run("mv /root/photos /etc/deploy/backup/photos; rm -r /srv/photos")
    assert "✗ photos: there is no /srv/photos" in deploy("backup", code=1)


def test_cron_runs_it(plain, deploy):
    plain.run(
        "mkdir -p /srv/photos; echo x >/srv/photos/two; sed -i 's/^7 3 /* * /' /etc/cron.d/deploy-backup"
    )
    waits = 'for n in $(seq 130); do grep -qs \'photos.*"by":"cron"\' /var/log/deploy/backup.log && exit; sleep 1; done; exit 1'
    plain.run(f"systemctl start cron; {waits}", timeout=200)
    assert "✓ photos " in plain.run("cat /var/log/deploy/backup-last.txt").stdout
