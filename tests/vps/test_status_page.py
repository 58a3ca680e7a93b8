"""A status page on a real server: planned, made by its timer's service, served, and taken away again."""

import json
from pathlib import Path
from xml.etree import ElementTree

import axe_core_python
import pytest

from deployer.rehearsal.machine import Machine
from vps.browser import browser
from vps.project import Project
from vps.waiting import until

pytestmark = pytest.mark.takes_turns("module")

PAGE = "status.test"
ASK = "curl --silent --output /dev/null --header 'Host: page.test' http://127.0.0.1/"


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    sites = {
        "page.test": {"kind": "redirect", "to": "https://example.org", "https": False},
        "down.test": {"kind": "proxy", "port": 3999, "https": False},
        "hidden.test": {"kind": "proxy", "port": 3998, "https": False},
        PAGE: {"kind": "status", "https": False, "hidden": ["hidden.test"]},
    }
    made = Project(tmp_path_factory.mktemp("project"), vps, None, sites)
    vps.run(f"{ASK} || :")
    done = made.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_the_page_is_there_when_apply_has_ended(project: Project) -> None:
    assert project.plan()["empty"]
    status, page = project.get(PAGE, scheme="http")
    assert status == 200
    assert "1 of 2 is down" in page
    assert "hidden.test" not in page
    status, text = project.get(PAGE, "/status.json", "http")
    told = {site["name"]: (site["state"], site["why"]) for site in json.loads(text)["sites"]}
    assert told == {"down.test": ("down", "answers 503"), "page.test": ("up", None)}
    status, text = project.get(PAGE, "/feed.xml", "http")
    assert [item.findtext("title") for item in ElementTree.fromstring(text).iter("item")] == [
        "down.test: answers 503"
    ]
    assert project.get(PAGE, "/.index.html", "http")[0] == 404


def test_the_log_tells_how_long_an_answer_took(project: Project, vps: Machine) -> None:
    last = vps.run(f"{ASK}; tail -n 1 /var/log/nginx/page.test.access.log").stdout
    assert last.split('"')[-1].strip() == "0.000"
    assert project.deploy("stats", "page.test", "--json").returncode == 0


def test_the_timer_looks_and_publishing_makes_it_anew(project: Project, vps: Machine) -> None:
    assert vps.run("systemctl is-active deploy-status.timer").stdout.strip() == "active"
    vps.run("rm /var/lib/deploy/pages/status.test/*")
    done = project.deploy("status", "--publish", PAGE)
    assert done.returncode == 0, done.stderr
    assert project.get(PAGE, scheme="http")[0] == 200
    refused = project.deploy("status", "--publish", "page.test")
    assert refused.returncode == 2
    assert "no status page" in refused.stderr


def test_what_is_up_again_is_told_within_a_minute(project: Project, vps: Machine) -> None:
    def down() -> list[str]:
        told = json.loads(vps.run(f"cat /var/lib/deploy/pages/{PAGE}/status.json").stdout)
        return [site["name"] for site in told["sites"] if site["state"] == "down"]

    soon = "systemctl is-active deploy-status-soon.timer || :"
    vps.run("systemctl stop nginx deploy-status-soon.timer || :; systemctl start deploy-status")
    assert down() == ["down.test", "page.test"]
    assert vps.run(soon).stdout.strip() == "active"
    vps.run("systemctl start nginx deploy-status-soon.service")
    until(vps, f"grep -q '1 of 2 is down' /var/lib/deploy/pages/{PAGE}/index.html")
    assert down() == ["down.test"]
    vps.run("systemctl start deploy-status")
    begun = "$(date -d '2 hours ago' +%s)"
    vps.run(f'sed -Ei "s/^(incident\\t[a-z]+.test)\\t[0-9]+/\\1\\t{begun}/" /var/lib/deploy/status/looks')
    vps.run("systemctl stop deploy-status-soon.timer; systemctl start deploy-status")
    assert down() == ["down.test"]
    assert vps.run(soon).stdout.strip() == "inactive", "what is down for long is no news"


def test_a_page_for_oneself(project: Project) -> None:
    file = project.folder / "page.html"
    done = project.deploy("status", "--html", str(file), "page.test")
    assert done.returncode == 0, done.stderr
    assert "All is well" in file.read_text()
    assert "down.test" not in file.read_text()


HOSTILE = r"""
now=$(date +%s) evil=$'"><img src=x onerror=evil()><script>evil()</script>\'&\\\x80]]>'
printf 'incident\tpage.test\t%s\t%s\t%s\t%s\n' $((now - 900)) $((now - 600)) $((now - 300)) "$evil" >>/var/lib/deploy/status/looks
mkdir -p /srv/deploy/page.test /etc/deploy/backup && touch "/etc/deploy/backup/${evil//\//}"
printf '{"time":"%s"}\n' "$evil" >/srv/deploy/page.test/made-live
for _ in 1 2 3; do
    curl --silent --output /dev/null --header 'Host: page.test' --user-agent "$evil" --referer "https://$evil/" "http://127.0.0.1/<script>evil()"
done
"""
AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
RUN_AXE = "return axe.run().then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"


def test_in_a_browser_it_is_a_page_for_everybody_and_nothing_of_it_runs(
    project: Project, vps: Machine
) -> None:
    vps.run(HOSTILE + "rm -f /var/lib/deploy/status/counted")
    assert project.deploy("status", "--publish", PAGE).returncode == 0
    json.loads(project.get(PAGE, "/status.json", "http")[1])
    ElementTree.fromstring(project.get(PAGE, "/feed.xml", "http")[1])
    with browser(vps, PAGE) as window:
        for width, scheme in ((360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")):
            window.look_like(width, 900, scheme)
            window.open(f"http://{PAGE}/")
            assert window.script("return document.querySelectorAll('svg.days g').length") == 180
            assert window.script("return document.querySelectorAll('img, script').length") == 1
            assert "<script>evil()</script>" in window.text()
            assert window.script("return document.documentElement.scrollWidth") <= width
            assert window.script("return performance.getEntriesByType('resource').length") == 0
            assert window.complaints() == []
            window.script(AXE.read_text())
            assert window.script(RUN_AXE) == []
        vps.run(
            f'sed -i \'s/data-made="[0-9]*"/data-made="1796000000"/\' /var/lib/deploy/pages/{PAGE}/index.html'
        )
        window.open(f"http://{PAGE}/?old")
        assert window.script("return document.querySelector('h1').innerText").startswith("Not known: nobody")
        assert window.complaints() == []


def test_without_the_site_nothing_looks_any_more(project: Project, vps: Machine) -> None:
    site = project.sites.pop(PAGE)
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    left = (
        "ls -d /etc/deploy/status/* /etc/systemd/system/deploy-status* /var/lib/deploy/pages 2>/dev/null || :"
    )
    assert vps.run(left).stdout == ""
    assert vps.run("systemctl is-active deploy-status.timer || :").stdout.strip() == "inactive"
    project.sites[PAGE] = site
