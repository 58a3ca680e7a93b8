"""Visitors of a program that does not answer wait until it does, and none of them gets an error."""

import pytest

from deployer.rehearsal.machine import Machine
from vps.load import Load, visiting
from vps.project import Project
from vps.waiting import nobody_waits, until, until_listening

pytestmark = pytest.mark.takes_turns("module")
NAME, PORT = "app.example.test", 9000
PROGRAM = """
import signal, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
time.sleep(1.5)
class Program(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def do_GET(self):
        self.answer(b"page")
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))
    def log_message(self, *words):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 9000), Program)
server.daemon_threads = False  # who is there gets the whole answer
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
"""
UNIT = "[Service]\nExecStart=/usr/bin/python3 /root/program.py\nRestart=no\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, vps: Machine) -> Project:
    vps.run(f"cat >/root/program.py <<'END'\n{PROGRAM}\nEND")
    vps.run(f"printf '%s' '{UNIT}' >/etc/systemd/system/program.service && systemctl daemon-reload")
    vps.run("systemctl start program")
    until_listening(vps, PORT)
    sites = {NAME: {"kind": "proxy", "port": PORT, "https": False}}
    project = Project(tmp_path_factory.mktemp("room"), vps, None, sites)
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.plan()["empty"]
    return project


def test_a_unit_is_restarted_and_no_page_fails(project: Project, vps: Machine) -> None:
    with visiting(Load(vps.address, NAME), sends=False) as load:
        load.goes_on()
        vps.run("systemctl restart program")
        load.goes_on()
    assert not load.wrong, load.wrong
    assert 1 < load.longest < 5
    nobody_waits(vps, NAME, PORT)


def test_who_comes_while_nobody_answers_waits_with_what_is_sent(project: Project, vps: Machine) -> None:
    vps.run("systemctl stop program")
    with visiting(Load(vps.address, NAME)) as load:
        until(vps, f"test -e /run/deploy/held/{NAME}")
        vps.run("systemctl start program")
        load.goes_on()
    assert not load.wrong, load.wrong
    assert 1 < load.longest < 8
    nobody_waits(vps, NAME, PORT)


def from_outside(project: Project) -> tuple[int, str]:
    """What a visitor gets who is not the server itself."""
    return project.get(NAME, scheme="http")


def test_maintenance_is_a_switch_that_the_plan_tells(project: Project, vps: Machine) -> None:
    done = project.deploy("maintenance", NAME, "on")
    assert (done.returncode, f"maintenance of {NAME} is on" in done.stderr) == (0, True), done.stdout
    status, page = from_outside(project)
    assert (status, "Back soon" in page) == (503, True)
    answer = vps.run(f"curl -s -i -H 'Host: {NAME}' --interface {vps.address} http://{vps.address}/").stdout
    assert "Retry-After: 300" in answer
    assert vps.run(f"curl -s -H 'Host: {NAME}' http://127.0.0.1/").stdout == "page", "it looks how it is"
    assert f"{NAME} is in maintenance until you run: deploy maintenance {NAME} off" in str(project.plan())
    assert project.deploy("maintenance", NAME, "off").returncode == 0
    assert from_outside(project) == (200, "page")
    assert "maintenance" not in str(project.plan())


def test_maintenance_is_as_sites_yaml_says_and_some_see_the_site(project: Project, vps: Machine) -> None:
    project.sites[NAME]["maintenance"] = "on"
    assert project.apply().returncode == 0
    assert from_outside(project)[0] == 503
    assert project.plan()["empty"]
    off = project.deploy("maintenance", NAME, "off")
    assert "still says maintenance: on" in off.stdout + off.stderr
    assert "maintenance is off: visitors see the site" in project.deploy("plan").stdout
    visitor = vps.address.rpartition(".")[0] + ".1"
    project.sites[NAME]["maintenance"] = {"state": "on", "allow": [visitor]}
    assert project.apply().returncode == 0
    assert from_outside(project) == (200, "page")
    asked = f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Host: {NAME}' --interface {vps.address}"
    assert vps.run(f"{asked} http://{vps.address}/").stdout == "503"
    project.sites[NAME]["maintenance"] = "off"
    assert project.apply().returncode == 0
    assert from_outside(project) == (200, "page")
    del project.sites[NAME]["maintenance"]
    assert project.apply().returncode == 0
    assert project.plan()["empty"]
