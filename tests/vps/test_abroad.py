"""A server that speaks German, in Nepal's time, whose root shares nothing: the same comes out as at home."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.security.conftest import PACKAGES
from vps.waiting import started

__all__ = ["key"]
# As a provider's image or its owner would have set it up. Kathmandu is 5:45 ahead: no whole hours.
ABROAD = """
apt-get install --quiet=2 --yes --no-install-recommends locales >/dev/null
localedef -i de_DE -f UTF-8 de_DE.UTF-8
printf 'LANG=de_DE.UTF-8\\nLC_ALL=de_DE.UTF-8\\n' > /etc/locale.conf
ln -sf /usr/share/zoneinfo/Asia/Kathmandu /etc/localtime; echo Asia/Kathmandu > /etc/timezone
printf 'umask 077\\nexport LC_ALL=de_DE.UTF-8\\n' > /root/.bashrc
sed -i 's/^UMASK.*/UMASK 077/' /etc/login.defs
systemctl set-environment LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8
systemctl restart ssh cron nginx
"""


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """A server abroad."""
    with Machine.boot(release, PACKAGES) as machine:
        machine.run(ABROAD)
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's folder with a page, and a folder to back up, not yet applied."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    vps.run("mkdir -p /srv/photos; echo Grüße > /srv/photos/one")
    more = {
        "backups": {"recipient": "key.asc", "folders": {"photos": ["/srv/photos"]}},
        "security": {"undo_after": "60s", "fail2ban": {"ignore": [vps.network.host]}},
    }
    made = Project(folder, vps, None, {}, more)
    page = made.repository("page", {"index.html": "eins"})
    made.sites["page.test"] = {"kind": "static", "repository": page, "https": False}
    return made


def test_the_server_is_what_it_is_said_to_be(vps: Machine, project: Project) -> None:
    """Where a login of ours comes out elsewhere, the others here would prove nothing."""
    said, _ = started(vps, "umask; date +%z; ls /nowhere").communicate()
    assert said.split("\n")[:2] == ["0077", "+0545"]
    assert "Datei oder Verzeichnis nicht gefunden" in said


def test_everything_works_abroad(vps: Machine, project: Project, key: Key) -> None:
    plan = project.deploy("plan")
    assert plan.returncode == 4, plan.stderr
    done = project.deploy("push", "page.test", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("page.test", scheme="http") == (200, "eins")
    assert project.apply().returncode == 0
    assert project.plan()["empty"]
    project.commit("page", {"index.html": "zwei", "more/bild.html": "bild"})
    done = project.deploy("push", "page.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("page.test", "/more/bild.html", scheme="http") == (200, "bild")
    releases = json.loads(project.deploy("releases", "page.test", "--json").stdout)
    pushed = [datetime.fromisoformat(each["time"]) for each in releases]
    assert all(timedelta() <= datetime.now(UTC) - each < timedelta(minutes=30) for each in pushed)
    assert project.deploy("rollback", "page.test").returncode == 0
    assert project.get("page.test", scheme="http") == (200, "eins")
    written = vps.run(
        "sha256sum --check --quiet /var/lib/deploy/manifest && sed 's/^.\\{66\\}//' /var/lib/deploy/manifest"
    )
    modes = vps.run("xargs -d '\\n' stat -c '%a %n'", input=written.stdout).stdout.split("\n")
    assert [line for line in modes if re.match(r"6[04]0 |[67]00 |[67]11 ", line) and "/nginx/" in line] == []


def test_backup_and_restore_abroad(vps: Machine, project: Project, key: Key) -> None:
    done = project.deploy("backup", "photos")
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = json.loads(project.deploy("backup", "--list", "--json").stdout)["archives"]
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(made["time"]) < timedelta(minutes=30)
    vps.run("rm /srv/photos/one")
    done = project.deploy("restore", "photos", "--yes", GNUPGHOME=str(key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run("cat /srv/photos/one").stdout == "Grüße\n"


def test_status_and_audit_abroad(vps: Machine, project: Project) -> None:
    health = json.loads(project.deploy("status", "--json").stdout)
    (site,) = health["sites"]
    assert (site["fine"], site["status"]) == (True, 200)
    (photos,) = health["backups"]
    assert photos["fine"], photos
    assert health["memory"][0] > 0
    assert health["uptime"] > 0
    done = project.deploy("audit", "--json")
    found = {each["what"] for each in json.loads(done.stdout)["findings"]}
    about = ("photos", "edited by hand", "firewall", "fail2ban", "sshd", "listens", "no security updates")
    assert not [what for what in found if any(word in what for word in about)], found
