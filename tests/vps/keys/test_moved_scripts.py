"""A server that the version before has made, whose scripts were in one folder: it is planned, applied, and goes on."""

import threading
from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import pytest

from deployer.parts.rendering import PROGRAMS, SCRIPTS
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import make_key
from vps.conftest import PREINSTALLED
from vps.keys.conftest import Guarded
from vps.keys.former import make_former
from vps.services.conftest import HEALTHY, NO_FILTERS, PACKAGES, REGISTRY, SERVE, prepare, registry_of
from vps.test_leaving import NIGHT
from vps.waiting import started, until, until_it_says

COMPOSE = f"""services:
  app:
    image: {REGISTRY}/lasting:1
    ports: ["127.0.0.1:8090:80"]
    restart: unless-stopped
    stop_signal: SIGKILL
"""
HOLD = "while [ -e /root/hold ]; do sleep 0.1; done"
HELD = {"visudo": "*", "systemctl": "daemon-reload"}
"""What an apply calls for its checks, and so that its files count."""
HOLDING = """#!/bin/bash
case $* in {arguments}) while [ -e /run/hold ]; do touch /run/reached; sleep 0.1; done ;; esac
exec /usr/*bin/{program} "$@"
"""


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    packages = tuple(sorted({*PACKAGES, *PREINSTALLED, "cron", "gnupg", "sqlite3", "sudo"}))
    with Machine.boot("debian-13", packages, files=NO_FILTERS) as machine:
        prepare(machine)
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """What names scripts: a key, a site with a build, a service, the night's backups, and the updates' timer."""
    made = Guarded(tmp_path_factory.mktemp("project"), vps, None, {})
    vps.run("mkdir -p /root/repositories /srv/notes; sqlite3 /srv/notes/notes.db 'CREATE TABLE a (b)'")
    host_key = (vps.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    (vps.root / "etc/deploy/known_hosts").write_text(f"localhost {host_key}")
    registry_of(vps).push("lasting", SERVE, {"Healthcheck": HEALTHY}, "well")
    (made.folder / "app.yml").write_text(COMPOSE)
    page = {"index.html": "<h1>One</h1>\n", "build.sh": 'cp *.html "$DEPLOY_OUTPUT"\n'}
    app = {"kind": "compose", "file": "app.yml", "port": 8090, "https": False, "watch": "0"}
    made.sites = {
        "page.test": made.host("page.test", page) | {"build": "build.sh", "before": HOLD},
        "app.test": app,
    }
    public = made.new_key("ci").with_name("ci.pub").read_text().strip()
    notes = {"paths": ["/srv/notes"], "dump": f"{HOLD}; echo all of it", "load": "cat"}
    made.more = {
        "keys": {"ci": {"public": public, "push": ["page.test"]}},
        "backups": {"recipient": str(make_key(made.folder / "pgp").public), "folders": {"notes": notes}},
        "updates": {"at": "04:00"},
    }
    applied = made.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    made.let_the_server_read("page.test")
    return made


@pytest.fixture
def former(project: Guarded) -> list[str]:
    """The paths of the scripts that the server has, as of before."""
    found = make_former(project.vps)
    goes_on(project)
    return found


def goes_on(project: Guarded) -> None:
    """A key's push and its status, the night, the updates, and what runs when the server starts."""
    vps = project.vps
    commit = project.publish("page.test", {"index.html": "<h1>Another</h1>\n"})
    pushed = project.ssh("push", "page.test")
    assert (pushed.returncode, commit[:7] in pushed.stdout) == (0, True), pushed.stdout + pushed.stderr
    archives = set((vps.root / "home/backups/notes").glob("*.gpg"))
    vps.run(f"sleep 1; {NIGHT}")
    assert set((vps.root / "home/backups/notes").glob("*.gpg")) > archives
    for unit in ("deploy-update", "deploy-undo-at-start", "deploy-resume"):
        vps.run(f"touch /var/lib/deploy/containers; systemctl start {unit}")
    assert vps.run("systemctl --failed --no-legend").stdout == ""
    assert project.get("app.test", scheme="http") == (200, "well\n")


def scripts_of_before(vps: Machine, former: list[str]) -> list[str]:
    return [path for path in former if (vps.root / path[1:]).exists()]


def test_only_what_moved_is_planned_and_nothing_stops_for_it(project: Guarded, former: list[str]) -> None:
    plan = project.plan()
    files = {(each["action"], each["path"]) for each in plan["files"]}
    assert {path for action, path in files if action == "remove"} == {*former}
    assert {path for action, path in files if action == "add"} > {f"{PROGRAMS}/push", f"{PROGRAMS}/undo"}
    assert all(path.startswith(f"{SCRIPTS}/") for action, path in files if action == "add")
    for each in plan["files"]:
        assert each["surprise"] is None, each
        if each["action"] == "change" and each["path"] != f"{SCRIPTS}/version":
            lines = [line for line in each["diff"] if line[:1] in "+-" and line[:3] not in ("+++", "---")]
            assert lines
            assert all(SCRIPTS in line or line[1:2] == "#" for line in lines), each
    assert (plan["compositions"]["up"], plan["packages"], plan["notes"]) == ([], [], [])

    asked, over = [], threading.Event()

    def ask() -> None:
        while not over.is_set():
            asked.append(project.ssh("status"))

    asking = threading.Thread(target=ask)
    asking.start()
    applied = project.apply()
    over.set()
    asking.join()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert [each.stdout + each.stderr for each in asked if each.returncode] == []
    assert len(asked) > 1
    if scripts_of_before(project.vps, former):  # such a login was just at work
        assert "! still at work: " in applied.stderr
        assert project.apply().returncode == 0
    assert scripts_of_before(project.vps, former) == []
    assert project.plan()["empty"]
    assert project.vps.run(f"find {SCRIPTS} -maxdepth 1 -type f").stdout == f"{SCRIPTS}/version\n"
    assert project.vps.run(f"find {SCRIPTS}/lib -type f -perm /111").stdout == ""
    assert project.vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").stdout == ""
    goes_on(project)
    project.vps.restart()
    until(
        project.vps, "systemctl is-active --quiet multi-user.target && curl -fs -o /dev/null 127.0.0.1:8090"
    )
    goes_on(project)


def test_what_runs_meanwhile_comes_to_its_end(project: Guarded, former: list[str]) -> None:
    vps = project.vps
    project.publish("page.test", {"index.html": "<h1>Held</h1>\n"})
    vps.run("touch /root/hold")
    pushing = started(vps, f"{SCRIPTS}/push page.test")
    until_it_says(pushing, "▸ before")
    saving = started(vps, f"{SCRIPTS}/backup notes")
    until(vps, "pgrep -f '[/]etc/deploy/backup/notes'")
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "! still at work: backup, notes, push. The scripts of before stay" in applied.stderr
    assert scripts_of_before(vps, former) == former
    vps.run("rm /root/hold")
    said, _ = pushing.communicate(timeout=120)
    assert "page.test is live" in said
    assert pushing.returncode == 0, said
    said, _ = saving.communicate(timeout=120)
    assert saving.returncode == 0, said
    assert project.get("page.test", scheme="http") == (200, "<h1>Held</h1>\n")

    files = project.plan()["files"]
    assert {(each["action"], each["path"]) for each in files} == {("remove", path) for path in former}
    assert project.apply().returncode == 0
    assert scripts_of_before(vps, former) == []
    assert project.plan()["empty"]


def test_who_calls_scripts_where_they_were_is_told(project: Guarded, former: list[str]) -> None:
    named = {
        "etc/cron.d/own": "0 5 * * * root cd / && /usr/local/lib/deploy/push page.test\n",
        "etc/cron.d/other": "# /usr/local/lib/deploy/push page.test\n0 5 * * * root /usr/local/lib/deploy/bin/push x\n",
        "etc/systemd/system/own.service": "[Service]\nExecStart=/usr/local/lib/deploy/backup\n",
        "home/ada/.ssh/authorized_keys": 'command="/usr/local/lib/deploy/restart app.test" ssh-ed25519 AAAA\n',
    }
    for path, text in named.items():
        (project.vps.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.vps.root / path).write_text(text)
    notes = project.plan()["notes"]
    assert [note.split()[0] for note in notes] == [f"/{path}" for path in named if path != "etc/cron.d/other"]
    for path in named:
        (project.vps.root / path).unlink()
    for command in ("push page.test", "backup", "restart app.test"):
        done = project.deploy(*command.split())
        assert done.returncode == 1
        assert "was set up by an earlier deploy, with other scripts" in done.stderr
        assert "Run: deploy apply" in done.stderr


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("program", "end"), [("systemctl", "killed"), ("visudo", "power"), ("visudo", "two")]
)
@pytest.mark.fault(
    "the first apply by a newer version is killed, loses its power, or meets another", rounds=3
)
def test_the_first_apply_that_does_not_come_to_its_end(
    project: Guarded, former: list[str], program: str, end: str
) -> None:
    vps = project.vps
    holding = vps.root / f"usr/local/sbin/{program}"
    holding.write_text(HOLDING.format(program=program, arguments=HELD[program]))
    holding.chmod(0o755)
    vps.run("touch /run/hold; rm -f /run/reached")

    def meet(process: BaseProcess) -> None:
        until(vps, "[ -e /run/reached ]")
        if end == "killed":
            vps.run(f"pkill -9 --session $(ps -o sid= -p $(pgrep -f {program} | head -1))")
        elif end == "power":
            process.kill()
            vps.restart()
        else:
            other = project.deploy("apply", "--yes")
            assert (other.returncode, "is applying" in other.stderr) == (1, True), other.stdout + other.stderr
        vps.run(f"rm -f /run/hold /usr/local/sbin/{program}")

    applied = project.deploy("apply", "--yes", meanwhile=meet)
    if end == "two":
        assert applied.returncode == 0, applied.stdout + applied.stderr
    else:
        assert applied.returncode != 0
        until(vps, "curl -fs -o /dev/null 127.0.0.1:8090")
        goes_on(project)  # which undoes what is half done, as the next start does
        assert scripts_of_before(vps, former) == former
        assert vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").stdout == ""
        assert project.apply().returncode == 0
    assert scripts_of_before(vps, former) == []
    assert project.plan()["empty"]
    goes_on(project)
