"""Logs of which a full disk or a power cut has taken a part: what is whole counts, the rest harms nothing."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import deployer
from deployer.seen.health import read_health

STATUS = (Path(deployer.__file__).parent / "server/sent/status.sh").read_text()
SERVER = "".join(
    f"server {line}\n"
    for line in ("memory 1 1", "disk 1 1", "load 0.1 1", "uptime 1", "reboot no", "now 1796083200")
)
TIME = "2026-11-30T23:00:00Z"


def line(site: str, **more: object) -> str:
    """As it stands in a log."""
    return json.dumps({"time": TIME, "site": site, **more}, separators=(",", ":"))


def told(function: str, place: Path) -> list[str]:
    """What status.sh tells, by one of its functions, of the files in this folder instead of the server's."""
    (found,) = re.findall(rf"^{function}\(\) \{{.*?^\}}", STATUS, re.DOTALL | re.MULTILINE)
    for folder in ("/etc/deploy", "/var/lib/deploy", "/var/log/deploy", "/var/www", "/srv/deploy"):
        (place / folder[1:]).mkdir(parents=True, exist_ok=True)
        found = found.replace(folder, f"{place}{folder}")
    argv = ["bash", "-uc", f"{found}\n{function}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    return done.stdout.splitlines()


HALF = '{"time":"x","site":"a.test","action":"backup","result":"ok","by":"'
CUTS = ("", "\0" * 200, '{"time":"2026-11-30T23', HALF)


@pytest.mark.parametrize("cut", CUTS, ids=["whole", "zeros", "a word", "half"])
def test_what_follows_a_cut_line_counts(tmp_path: Path, cut: str) -> None:
    good = line("a.test", action="backup", result="ok", by="cron", bytes=7, warnings=[])
    (tmp_path / "etc/deploy/backup").mkdir(parents=True)
    (tmp_path / "etc/deploy/backup/a.test").touch()
    (tmp_path / "var/log/deploy").mkdir(parents=True)
    log = tmp_path / "var/log/deploy/backup.log"
    for text in (f"{good}\n{cut}", f"{cut}{good}\n", f"{good}\n{cut}{line('b.test', action='push')}\n"):
        log.write_text(text)
        (backup,) = read_health(SERVER + "\n".join(told("backups", tmp_path)), {}).backups
        assert (backup.name, backup.time, backup.bytes) == ("a.test", TIME, 7)


@pytest.mark.parametrize("cut", CUTS, ids=["whole", "zeros", "a word", "half"])
def test_nobody_is_told_to_have_failed_for_another(tmp_path: Path, cut: str) -> None:
    live = line("a.test", action="push", revision="abc", release="1", result="live", by="ada")
    failed = line("b.test", action="push", revision="", release="", result="failed", by="bob", error="no")
    for site in ("a.test", "b.test"):
        conf = tmp_path / f"etc/deploy/sites/{site}.conf"
        conf.parent.mkdir(parents=True, exist_ok=True)
        conf.write_text("KIND='static'\n")
    (tmp_path / "var/www").mkdir(parents=True)
    (tmp_path / "var/www/a.test").symlink_to("/srv/deploy/a.test/releases/1")
    (tmp_path / "var/log/deploy").mkdir(parents=True)
    begun = cut.replace('"backup"', '"push"')
    (tmp_path / "var/log/deploy/push.log").write_text(f"{live}\n{begun}{failed}\n{begun}")
    health = read_health(SERVER + "\n".join(told("releases", tmp_path)), {"a.test": (), "b.test": ()})
    assert [(site.domain, site.by) for site in health.sites] == [("a.test", "ada"), ("b.test", None)]
    assert list(health.failed) == ["b.test"]


def test_a_restart_keeps_the_revision_of_an_application(tmp_path: Path) -> None:
    place = tmp_path / "etc/deploy/sites/a.test.conf"
    place.parent.mkdir(parents=True)
    place.write_text("KIND='compose'\n")
    link = tmp_path / "srv/deploy/a.test/images/live"
    link.parent.mkdir(parents=True)
    link.symlink_to("7")
    pushed = line("a.test", action="push", by="ada", revision="abcdef1", release="", result="live")
    restarted = line("a.test", action="restart", by="bob", revision="", release="", result="live")
    (tmp_path / "var/log/deploy").mkdir(parents=True)
    for after in (restarted, restarted.replace('"revision":"",', "")):
        (tmp_path / "var/log/deploy/push.log").write_text(f"{pushed}\n{after}\n")
        (site,) = read_health(SERVER + "\n".join(told("releases", tmp_path)), {"a.test": ()}).sites
        assert (site.revision, site.by) == ("abcdef1", "bob")


def test_a_site_that_is_closed_is_told(tmp_path: Path) -> None:
    page = tmp_path / "var/lib/deploy/maintenance/a.test.conf"
    page.parent.mkdir(parents=True)
    page.write_text(
        "# Since 2026-11-30 13:00:00 UTC, by ada; it ends by: deploy maintenance a.test off\nallow ::1;\n"
    )
    health = read_health(SERVER + "\n".join(told("closed", tmp_path)), {"a.test": ()})
    assert dict(health.closed) == {"a.test": "since 2026-11-30 13:00:00 UTC, by ada"}


@pytest.mark.parametrize("text", ["", "{", '{"time":"2026', "7", "[1]", "null", '{"site": 1}'])
def test_a_line_that_is_none_is_nothing(text: str) -> None:
    said = f"pushed a.test {text}\nfailed a.test {text}\nbackup a.test {text}\n"
    health = read_health(SERVER + said, {"a.test": ()})
    assert (health.sites[0].by, dict(health.failed), health.backups[0].time) == (None, {}, None)
