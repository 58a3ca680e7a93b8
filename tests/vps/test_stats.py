"""Visitors of a real NGINX, some of them hostile, counted over a rotation by Debian's own logrotate."""

import json
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")

SITE = "page.test"
# No two logs begin alike: those of one second would, and are known by how they begin.
HOSTILE = r"""
ask() { curl --silent --output /dev/null --header 'Host: page.test' --user-agent Firefox "$@" "http://127.0.0.1/?$RANDOM$RANDOM"; }
ask; ask --header 'Referer: https://news.example.net/item?id=7'
ask --user-agent $'evil\e]0;x\a" 200 7 "-" "bot'
ask --user 'x [01/Jan/2031:00:00:00 +0000] "GET /evil HTTP/1.1" 200 9:y' --referer $'https://a.example.net\t\x80/"'
curl --silent --output /dev/null --header 'Host: page.test' --user-agent 'Googlebot/2.1' http://127.0.0.1/gone?token=secret
printf 'GET /\x01\xff HTTP/1.1\r\nHost: page.test\r\nConnection: close\r\n\r\n' >/dev/tcp/127.0.0.1/80
[ "$(wc -l </var/log/nginx/page.test.access.log)" -ge 5 ]
"""


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    sites = {SITE: {"kind": "redirect", "to": "https://example.org", "https": False}}
    made = Project(tmp_path_factory.mktemp("project"), vps, None, sites)
    done = made.apply()
    assert done.returncode == 0, done.stderr
    return made


def counted(project: Project) -> dict[str, Any]:
    """What is told of the site."""
    done = project.deploy("stats", SITE, "--json")
    assert done.returncode == 0, done.stderr
    (site,) = json.loads(done.stdout)["sites"]
    return dict(site)


def lines(vps: Machine) -> int:
    """How many NGINX has written in all."""
    return int(vps.run("zcat -f /var/log/nginx/page.test.access.log* | wc -l").stdout)


def test_each_line_counts_once_whoever_wrote_it_and_however_it_is_rotated(
    vps: Machine, project: Project
) -> None:
    assert counted(project)["requests"] == 0
    vps.run(HOSTILE)
    first = counted(project)
    assert (first["requests"], first["unreadable"]) == (lines(vps), 0)
    assert (first["robots"], len(first["days"])) == (2, 1), "Googlebot, and who names no program"
    assert [each["what"] for each in first["most"]["referrers"]] == [
        "a.example.net\\x09\\x80",
        "news.example.net",
    ]
    assert "secret" not in json.dumps(first)
    assert vps.run("grep -rc 127.0.0.1 /var/lib/deploy/traffic/page.test || :").stdout.strip() == "0"
    for _ in range(3):
        vps.run(HOSTILE + "logrotate --force /etc/logrotate.d/nginx")
    vps.run("ls /var/log/nginx/page.test.access.log.3.gz")
    vps.run(HOSTILE)
    again = counted(project)
    assert (again["requests"], again["unreadable"]) == (lines(vps), 0)
    assert again["visitors"] == first["visitors"], "they were here before"
    assert counted(project) == again


def test_as_a_person_reads_it(project: Project) -> None:
    shown = project.deploy("stats", SITE)
    assert shown.returncode == 0
    assert "Googlebot" in shown.stdout
    assert "\x1b" not in shown.stdout
