"""docs/add-a-service.md, followed to the letter: what it adds is planned, applied, broken, saved, restored and removed."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.services.conftest import NO_FILTERS, PACKAGES, PACKAGES_12, bring_compose, prepare, registry_of
from vps.services.registry import health
from vps.waiting import until
from walkthrough import ROOT, called, copied, whole_files, write

__all__ = ["key"]
pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.vps]
PAGE = ROOT / "docs/add-a-service.md"
UNIT = "deploy-radicale-dates.test.service"
SERVE = "exec httpd -f -p 5230 -h /www"
WELL = health("wget -q -O /dev/null 127.0.0.1:5230", StartInterval=0.3, StartPeriod=6)
MIRROR = json.dumps(
    {**json.loads(NO_FILTERS["/etc/docker/daemon.json"]), "registry-mirrors": ["http://127.0.0.1:5000"]}
)
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:one
DTSTAMP:20260101T000000Z
DTSTART:20260102T090000Z
SUMMARY:Tea
END:VEVENT
END:VCALENDAR
"""
SITES = {
    "notes.test": {"kind": "memos", "tag": "1", "https": False, "watch": "0", "wait": "60s"},
    "dates.test": {"kind": "radicale", "https": False},
    "old.test": {"kind": "redirect", "to": "https://example.org", "https": False},
}


@dataclass
class Walk:
    """A copy of the package with what the page adds, and a user's folder."""

    package: Path
    project: Project
    key: Key

    @property
    def vps(self) -> Machine:
        return self.project.vps

    def deploy(self, *arguments: str, code: int = 0) -> str:
        """Run the command line of the copy; what it says."""
        self.project.write()
        config = str(self.project.folder / "sites.yaml")
        words = ["-m", "deployer", *arguments, "-c", config]
        done = called(self.package, *words, GNUPGHOME=str(self.key.home))
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def is_done(self) -> bool:
        return "Nothing to change" in self.deploy("plan")

    @contextmanager
    def replaced(self, path: str, old: str, new: str) -> Iterator[None]:
        """The copy with another text in one of its files, for as long as this lasts."""
        file = self.package / path
        before = file.read_text()
        assert before.count(old) == 1
        file.write_text(before.replace(old, new))
        yield
        file.write_text(before)

    def dav(self, method: str, path: str, body: str = "") -> str:
        """What Radicale answers to who knows the password: the status, and what it says."""
        password = self.deploy("secret", "show", "dates.test", "PASSWORD").strip()
        ask = [
            "curl",
            "-s",
            "-u",
            f"me:{password}",
            "-X",
            method,
            "-H",
            "Host: dates.test",
            "-w",
            "%{http_code}",
        ]
        ask += ["--data-binary", body] if body else []
        said = subprocess.run(
            [*ask, f"http://{self.vps.address}{path}"], capture_output=True, text=True, check=True
        )
        return f"{said.stdout[-3:]} {said.stdout[:-3]}"

    def answers(self) -> None:
        """Both pages are there; Radicale takes a moment to begin."""
        until(self.vps, "curl -sf -o /dev/null -H 'Host: dates.test' http://127.0.0.1/.web/")
        assert self.project.get("notes.test", scheme="http") == (200, "notes\n")


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    files = {**NO_FILTERS, "/etc/docker/daemon.json": MIRROR}
    packages = PACKAGES if release == "debian-13" else PACKAGES_12
    with Machine.boot(release, packages, files=files) as machine:
        if release == "debian-12":
            bring_compose(machine)
        prepare(machine)
        registry_of(machine).push("neosmemo/memos", SERVE, {"Healthcheck": WELL}, "notes")
        yield machine


@pytest.fixture(scope="module")
def walk(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """What a user has who has written all of the page, and applied it."""
    package, folder = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("user")
    write(copied(package), whole_files(PAGE))
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    made = Walk(package, Project(folder, vps, None, dict(SITES), {"backups": {"recipient": "key.asc"}}), key)
    plan = made.deploy("plan", code=4)
    assert "radicale" in plan.partition("+ packages ")[2].partition("\n")[0].split()
    assert "+ secret PASSWORD in /opt/dates.test/.env (generated on the server)" in plan
    assert f"+ unit {UNIT} enabled and running" in plan
    made.deploy("apply", "--yes")
    assert made.is_done()
    return made


def test_all_of_it_runs(walk: Walk) -> None:
    walk.answers()
    assert walk.vps.run("stat -c '%a %U' /opt/dates.test/.env /opt/dates.test/data").stdout.split() == [
        *("600", "root"),
        *("700", "radicale-dates_test"),
    ]
    password = walk.deploy("secret", "show", "dates.test", "PASSWORD").strip()
    seen = walk.vps.run(
        f"systemctl show {UNIT}; systemctl cat {UNIT}; ps -ef; cat /var/log/deploy/* /etc/radicale/deploy/*"
    )
    assert password not in seen.stdout
    assert walk.dav("PUT", "/me/dates/", EVENT).startswith("201")
    assert "Tea" in walk.dav("GET", "/me/dates/")
    assert "SystemMaxUse=500M" in walk.vps.run("systemd-analyze cat-config systemd/journald.conf").stdout


def test_a_configuration_that_is_refused_goes_back_alone(walk: Walk) -> None:
    walk.project.sites["old.test"] = SITES["old.test"] | {"code": 302}
    with walk.replaced("templates/radicale/config", "[storage]\n", "nonsense = 1\n\n[storage]\n"):
        said = walk.deploy("apply", "--yes", code=1)
        assert "✗ dates.test" in said
        assert "Invalid option 'nonsense'" in said
        assert walk.project.get("old.test", scheme="http")[0] == 302
        assert "nonsense" not in walk.vps.run("cat /etc/radicale/deploy/dates.test.conf").stdout
        walk.answers()
        assert "nonsense" in walk.deploy("plan", code=4)
    assert walk.is_done()


def test_what_cannot_become_of_another_kind_runs_on_as_it_was(walk: Walk) -> None:
    walk.project.sites["dates.test"] = {
        "kind": "proxy",
        "port": 9,
        "https": False,
        "nginx": "proxy_buffers many;",
    }
    walk.project.sites["old.test"] = SITES["old.test"] | {"code": 307}
    said = walk.deploy("apply", "--yes", code=1)
    assert "✗ dates.test: NGINX refuses /etc/nginx/conf.d/dates.test.conf" in said
    assert walk.project.get("old.test", scheme="http")[0] == 307
    assert walk.vps.run(f"systemctl is-active {UNIT}; systemctl is-enabled {UNIT}", check=False).stdout == (
        "active\nenabled\n"
    )
    walk.answers()
    walk.project.sites["dates.test"] = SITES["dates.test"]
    assert walk.is_done()


@pytest.mark.fault("what one owner has changed starts, and ends again at once")
def test_what_does_not_stay_up_runs_as_before(walk: Walk) -> None:
    """systemd calls it started, for its program was there."""
    walk.vps.run("systemd-run --quiet --unit=squatter python3 -m http.server 5333")
    until(walk.vps, "curl -s -o /dev/null 127.0.0.1:5333")
    walk.project.sites["dates.test"] = SITES["dates.test"] | {"port": 5333}
    walk.project.sites["old.test"] = SITES["old.test"] | {"code": 308}
    said = walk.deploy("apply", "--yes", code=1)
    walk.vps.run("systemctl stop squatter")
    assert f"✗ dates.test: {UNIT} does not stay up" in said
    assert "Address already in use" in said
    assert "dates.test stays as it was; everything else goes live." in said
    assert walk.project.get("old.test", scheme="http")[0] == 308
    walk.answers()
    walk.project.sites["dates.test"] = SITES["dates.test"]
    assert walk.is_done()


def test_a_changed_file_counts_at_once(walk: Walk) -> None:
    walk.project.sites["dates.test"] = SITES["dates.test"] | {"port": 5333}
    walk.deploy("apply", "--yes")
    walk.answers()
    walk.vps.run("ss -ltn | grep -F 127.0.0.1:5333 && ! ss -ltn | grep -F 127.0.0.1:5232")
    with walk.replaced("templates/radicale/service", "PrivateTmp=true\n", "PrivateDevices=true\n"):
        walk.deploy("apply", "--yes")
        walk.answers()
        assert walk.is_done()
        how = walk.vps.run(f"systemctl show -p PrivateDevices,PrivateTmp,NeedDaemonReload {UNIT}").stdout
        assert {*how.split()} == {"PrivateDevices=yes", "PrivateTmp=no", "NeedDaemonReload=no"}
    walk.deploy("apply", "--yes")
    assert walk.is_done()


def test_what_was_stopped_on_purpose_is_started_by_no_apply_and_no_start_of_the_server(walk: Walk) -> None:
    walk.deploy("stop", "dates.test")
    walk.vps.restart()
    until(walk.vps, "systemctl is-active --quiet multi-user.target")
    assert walk.vps.run(f"systemctl is-active {UNIT}", check=False).stdout == "inactive\n"
    assert "dates.test is stopped on purpose" in walk.deploy("status", code=1)
    assert "dates.test is stopped on purpose, and stays so" in walk.deploy("plan")
    walk.project.sites["dates.test"] = SITES["dates.test"] | {"user": "you"}
    walk.deploy("apply", "--yes")
    assert walk.vps.run(f"systemctl is-active {UNIT}", check=False).stdout == "inactive\n"
    walk.deploy("start", "dates.test")
    assert walk.vps.run(f"systemctl is-enabled {UNIT}").stdout == "enabled\n"
    walk.project.sites["dates.test"] = SITES["dates.test"]
    walk.deploy("apply", "--yes")
    walk.answers()
    assert walk.is_done()


def test_what_was_saved_comes_back(walk: Walk) -> None:
    database = "/opt/notes.test/data/memos_prod.db"
    walk.vps.run(f"sqlite3 {database} 'CREATE TABLE memo (text); INSERT INTO memo VALUES (1)'")
    walk.dav("PUT", "/me/dates/", EVENT)
    assert "all 2 are backed up" in walk.deploy("backup")
    walk.vps.run(
        f"sqlite3 {database} 'DELETE FROM memo'; rm -r /opt/dates.test/data/*; echo PASSWORD=lost >/opt/dates.test/.env"
    )
    for name in ("notes.test", "dates.test"):
        walk.deploy("restore", name, "--yes")
    walk.answers()
    assert walk.vps.run(f"sqlite3 {database} 'SELECT * FROM memo'").stdout == "1\n"
    assert "Tea" in walk.dav("GET", "/me/dates/")
    assert walk.is_done()


def test_nothing_is_left_but_data(walk: Walk) -> None:
    ours = walk.vps.run(
        "cut -c 67- /var/lib/deploy/manifest | grep -E 'dates|notes|radicale'"
    ).stdout.splitlines()
    assert len(ours) > 8
    for name in ("notes.test", "dates.test"):
        del walk.project.sites[name]
    plan = walk.deploy("plan", code=4)
    assert f"! {UNIT} stops, and starts no more" in plan
    walk.deploy("apply", "--yes", "--take-off", "2")
    assert [path for path in ours if (walk.vps.root / path[1:]).exists()] == []
    assert walk.vps.run(f"systemctl is-active {UNIT}", check=False).stdout == "inactive\n"
    assert walk.vps.run(f"systemctl list-units --all --no-legend '{UNIT}'").stdout == ""
    assert walk.vps.run("find /etc/systemd /run/systemd -name '*radicale*'").stdout == ""
    assert walk.vps.run("pgrep -u radicale-dates_test", check=False).returncode == 1
    assert walk.vps.run("docker ps -aq --filter label=com.docker.compose.project=notes-test").stdout == ""
    assert walk.vps.run("stat -c %U /opt/dates.test/data").stdout == "radicale-dates_test\n"
    assert walk.project.get("old.test", scheme="http")[0] in (302, 308)
    assert walk.is_done()
