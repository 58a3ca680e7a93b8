"""A server that grows old: its Debian 12 becomes 13 in place, while its sites are asked for all the time."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from deployer.rehearsal import mirror
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.services.conftest import REGISTRY, SERVE, booted_debian_12, registry_of
from vps.waiting import until
from vps.walk.visitors import Asked, ask, visiting

pytestmark = pytest.mark.in_turns("once on a server", of="modules")

__all__ = ["key"]
PACKAGES = (
    *("brotli", "certbot", "git", "git-lfs", "jq", "rsync", "webp"),
    *("libnginx-mod-http-brotli-filter", "libnginx-mod-http-brotli-static"),
)
ASKED_FOR = ("https://page.test", "app.test", "hand.test")
PAGES = ["page", "app", "by hand"]
CHANGED = (
    "/etc/nginx/conf.d/00-deploy.conf",
    "/etc/nginx/conf.d/page.test.conf",
    "/etc/nginx/deploy/tls.conf",
)
BY_HAND = "server { listen 80; server_name hand.test; location / { return 200 'by hand\\n'; } }\n"
COMPOSE = {
    "services": {
        "app": {
            "image": f"{REGISTRY}/app:1",
            "ports": ["127.0.0.1:8090:80"],
            "volumes": ["data:/data"],
            "restart": "unless-stopped",
            "stop_signal": "SIGKILL",
        }
    },
    "volumes": {"data": {}},
}
# What a person types, but that nothing waits for a disk which is gone after the test anyway, that what is only read is left
# out, and that Python's modules are compiled when a program first needs them.
UPGRADE = """
export DEBIAN_FRONTEND=noninteractive
printf 'path-exclude=/usr/share/%s/*\n' doc info locale man > /etc/dpkg/dpkg.cfg.d/what-is-only-read
echo 'Acquire::Languages "none";' > /etc/apt/apt.conf.d/95-no-translations
dpkg-divert --quiet --local --rename --add /usr/bin/py3compile && ln -s /bin/true /usr/bin/py3compile
apt-get update --quiet=2 &&
    apt-get full-upgrade --yes --quiet -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io
"""
DATA = "/var/lib/docker/volumes/apptest_data/_data/notes"


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """Debian 12 with Docker and a registry."""
    with booted_debian_12(*PACKAGES) as machine:
        machine.add_hosts({"page.test": "127.0.0.1"})
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A user's folder with a page, a service in containers and its backup, applied; and a site made by hand."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    (folder / "app.yml").write_text(json.dumps(COMPOSE))
    registry_of(vps).push("app", SERVE, {}, "app")
    (vps.root / "etc/nginx/conf.d/hand.conf").write_text(BY_HAND)
    app = {"kind": "compose", "file": "app.yml", "port": 8090, "https": False, "wait": "60s", "watch": "0"}
    with AcmeServer.start(vps) as acme:
        made = Project(folder, vps, acme, {"app.test": app}, {"backups": {"recipient": "key.asc"}})
        made.sites["page.test"] = {
            "kind": "static",
            "repository": made.repository("page", {"index.html": "page"}),
        }
        done = made.deploy("push", "page.test", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert made.apply().returncode == 0
        yield made


def pages(vps: Machine) -> list[str]:
    return [ask(vps.address, name) for name in ASKED_FOR]


def got(asked: Asked, name: str) -> Counter[str]:
    """What came under a name, and how often."""
    return Counter(each.text for each in asked.answers if each.name == name)


def restored(project: Project, key: Key, archive: str) -> str:
    """What the service's volume has after a restore of that archive."""
    done = project.deploy("restore", "app.test", "--at", archive, "--yes", GNUPGHOME=str(key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    return project.vps.run(f"cat {DATA}").stdout


def test_a_server_that_is_upgraded_in_place(
    vps: Machine, project: Project, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vps.walk.visitors.PAUSE", 0.2)  # for minutes, on a machine that has other work
    vps.run(f"echo before > {DATA}")
    assert project.deploy("backup", "app.test").returncode == 0
    assert project.plan()["empty"]
    sources = "\n".join(mirror.sources("debian-13"))
    (vps.root / "etc/apt/sources.list").write_text(f"{sources}\n")
    assert "! the sources of packages are of trixie, the server is bookworm" in project.deploy("plan").stdout

    with visiting(vps.address, ASKED_FOR) as asked:
        vps.run(UPGRADE, timeout=900)
    page, app, by_hand = (got(asked, name) for name in ASKED_FOR)
    failed = {"closed", "502", "503"}
    assert [page.keys() - failed, app.keys() - failed, by_hand.keys() - failed] == [{each} for each in PAGES]
    assert page.total() - page["page"] <= by_hand.total() - by_hand["by hand"] + 2
    assert pages(vps) == PAGES
    # the night before somebody restarts it: containers of the old Engine, whose programs are new
    assert vps.run("docker version --format '{{.Server.Version}}'").stdout.startswith("20.10")
    saved = project.deploy("backup", "app.test")
    assert saved.returncode == 0, saved.stdout + saved.stderr
    assert pages(vps) == PAGES

    vps.restart()
    until(vps, "curl -sf -o /dev/null -H 'Host: app.test' http://127.0.0.1/")
    assert pages(vps) == PAGES
    plan = project.plan()
    assert {change["path"]: change["action"] for change in plan["files"]} == dict.fromkeys(CHANGED, "change")
    assert plan["notes"][0] == "3 files change because the server has NGINX 1.26 and OpenSSL 3.5 now"
    everything = {key: plan[key] for key in ("packages", "units", "secrets", "held", "drift", "interrupted")}
    assert not any(everything.values()), everything
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.plan()["empty"]
    assert pages(vps) == PAGES

    vps.run(f"echo after > {DATA}")
    assert project.deploy("backup", "app.test").returncode == 0
    archives = json.loads(project.deploy("backup", "--list", "--json").stdout)["archives"]
    old, _, new = sorted(each["time"][:16].replace("T", " ") for each in archives)
    assert restored(project, key, old) == "before\n"
    assert restored(project, key, new) == "after\n"
    assert pages(vps) == PAGES
    assert json.loads(project.deploy("status", "--json").stdout)["unfinished"] == []
