"""Updates: newer images that are old enough and of the same major version, each with the way back."""

import json
import time
from pathlib import Path

import pytest

from vps.waiting import until_listening

SERVE = "exec httpd -f -p 80 -h /www"
LISTEN = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open("/root/told", "ab").write(self.path.encode() + b" " + body)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 9911), Handler).serve_forever()
"""


@pytest.fixture
def told(vps) -> Path:
    """What the notification hook has been told."""
    conf = vps.root / "etc/deploy/update.conf"
    (vps.root / "root/listen.py").write_text(LISTEN)
    file = vps.root / "root/told"
    file.write_text("")
    vps.run("systemd-run --unit=listen --collect python3 /root/listen.py")
    until_listening(vps, 9911)
    conf.write_text("COOLDOWN=0\nNOTIFY='http://127.0.0.1:9911/topic?key=hush'\n")
    yield file
    vps.run("systemctl stop listen")
    conf.unlink()


def update(app, *options: str, code: int = 0) -> str:
    return app.script("update", *options, code=code)


def last(app) -> dict[str, str]:
    lines = (app.vps.root / "var/log/deploy/update.log").read_text().splitlines()
    return [entry for line in lines if (entry := json.loads(line))["site"] == app.name][-1]


def test_an_update_is_logged_and_told(new_composition, told):
    app = new_composition()
    (app.directory / ".env").write_text("MODE=live\nSTATE=stopped\n")  # no value hides what happened
    app.push()
    assert "already up to date" in update(app)
    assert last(app)["result"] == "unchanged"
    assert told.read_text() == ""
    app.image("two")
    assert f"{app.name}: {app.repository}:1 has a newer image, " in update(app, "--check")
    assert app.page() == "one"
    assert f"{app.name} is live: " in update(app)
    assert app.page() == "two"
    assert last(app)["result"] == "updated"
    assert last(app)["by"] == "update"
    assert told.read_text().startswith(f"/topic?key=hush {app.vps.name}: {app.name} is live: ")
    assert f"{app.name}: {app.repository}:1 is up to date" in update(app, "--check")

    absent = "✗ nowhere.test is not on this server yet: run deploy apply nowhere.test\n"
    there_too = update(app, "nowhere.test", "--cooldown", "0", "--by", "ada", code=1)
    assert there_too.startswith(absent)
    assert "already up to date" in there_too
    alone = app.vps.run("/usr/local/lib/deploy/bin/update nowhere.test --cooldown 0 --by ada", check=False)
    assert (alone.returncode, alone.stdout) == (69, absent)


@pytest.mark.in_turns("kept back")
def test_an_update_that_is_no_good_is_not_tried_again_the_next_night(new_composition, told):
    app = new_composition()
    app.write(app=app.once())
    app.push()
    app.image("two", "exit 7")
    assert "app ended with exit code 7" in update(app, code=1)
    assert app.page() == "one"
    assert last(app)["result"] == "failed"
    assert f"{app.name}: up: app ended with exit code 7" in told.read_text()
    output = update(app)
    assert f"! {app.repository}:1 stays: its newer image was not well here" in output
    assert f"{app.name} is already up to date" in output
    assert last(app)["result"] == "unchanged"
    assert "was not well here" in last(app)["message"]
    assert "exit code 7" in app.push(code=1)
    app.image("three")
    update(app)
    assert app.page() == "three"


@pytest.mark.in_turns("kept back")
def test_one_that_fails_does_not_stop_the_others(new_composition, told):
    bad, good = new_composition(), new_composition()
    bad.write(app=bad.once())
    for app in (bad, good):
        app.push()
    bad.image("two", "exit 7")
    good.image("two")
    update(bad, good.name, code=1)
    assert (bad.page(), good.page()) == ("one", "two")


@pytest.mark.in_turns("kept back")
def test_a_young_image_is_not_taken(new_composition):
    app = new_composition()
    app.push()
    app.image("two")
    output = update(app, "--cooldown", "3600")
    assert f"{app.repository}:1: its newer image is 0 min old and has to be 60 min" in output
    assert app.page() == "one"
    assert "its newer image is" in last(app)["message"]
    assert "Pulling" not in update(app, "--cooldown", "3600")
    time.sleep(1)
    update(app, "--cooldown", "1")
    assert app.page() == "two"


@pytest.mark.in_turns("kept back")
def test_what_is_stopped_stays_so(new_composition):
    app = new_composition()
    app.push()
    app.script("stop")
    assert app.page() == "502"
    app.image("two")
    assert "is stopped, and left alone" in update(app)
    assert last(app)["result"] == "stopped"
    assert app.page() == "502"
    app.script("restart")
    assert app.page() == "one"


DATABASES = {
    "postgres": ("PG_MAJOR=17", "PG_MAJOR=18", "PostgreSQL 17 to PostgreSQL 18"),
    "mariadb": (
        "MARIADB_VERSION=1:11.4.2+maria~ubu",
        "MARIADB_VERSION=1:12.0.1+maria~ubu",
        "MariaDB 11.4 to MariaDB 12.0",
    ),
    "mysql": ("MYSQL_MAJOR=8.4", "MYSQL_MAJOR=9.7", "MySQL 8.4 to MySQL 9.7"),
}


@pytest.mark.in_turns("kept back")
def test_a_database_never_crosses_a_major_version(new_composition):
    app = new_composition()

    def images(number: int, suffix: str = "") -> dict[str, dict[str, str]]:
        """A version of each database; the services that run them."""
        for name, versions in DATABASES.items():
            repository = f"{app.repository}-{name}{suffix}"
            app.image(f"{name} {number}", name=repository, Env=[versions[number]])
        return {name: {"image": f"{app.repository}-{name}{suffix}:1"} for name in DATABASES}

    app.write(**images(0))
    app.push()
    before = app.running()
    images(1)
    app.image("two")
    output = update(app)
    for name, (_, _, crossed) in DATABASES.items():
        assert f"! {app.repository}-{name}:1 stays: its newer image goes from {crossed}" in output
    assert app.page() == "two"
    app.push()
    assert {**app.running(), "app": ""} == {**before, "app": ""}
    app.write(**images(0) | {"postgres": images(1, "-other")["postgres"]})
    assert "✗ up: postgres would go from PostgreSQL 17 to PostgreSQL 18, which does not" in app.push(code=1)
    assert app.running()["postgres"] == before["postgres"]


@pytest.mark.in_turns("kept back")
@pytest.mark.fault("a hook hangs during an update")
def test_a_hook_that_hangs_does_not_hold_the_update(new_composition, vps):
    app = new_composition()
    app.push()
    app.image("two")
    conf = vps.root / "etc/deploy/update.conf"
    conf.write_text("COOLDOWN=0\nNOTIFY='http://127.0.0.1:9912/topic'\n")
    listen = 'import socket,time; s=socket.create_server(("127.0.0.1",9912)); time.sleep(600)'
    vps.run(f"systemd-run --unit=hang --collect python3 -c '{listen}'")
    until_listening(vps, 9912)
    try:
        output = update(app)
        assert vps.run("systemctl is-active hang").stdout == "active\n"
    finally:
        vps.run("systemctl stop hang")
        conf.unlink()
    assert "! the notification could not be sent: " in output
    assert app.page() == "two"
