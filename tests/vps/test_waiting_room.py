"""Visitors of a program that does not answer wait until it does, and none of them gets an error."""

import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from deployer.rehearsal.machine import Machine
from outside.own_certificate import write_certificate
from vps.load import Load, visiting
from vps.project import Project
from vps.waiting import nobody_waits, until, until_listening

pytestmark = pytest.mark.takes_turns("module")
NAME, PORT = "app.example.test", 9000
SECURE = "secure.example.test"
HOLDS = 200  # visitors
PROGRAM = """
import os, signal, threading, time
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
        if self.headers.get("Upgrade"):
            return self.echo()
        if os.path.exists("/root/slow"):
            time.sleep(7)
        self.answer(b"page")
    def echo(self):
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while part := self.rfile.read1():
            self.wfile.write(part)
        self.close_connection = True
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))
    def log_message(self, *words):
        pass
class Server(ThreadingHTTPServer):
    daemon_threads = False  # who is there gets the whole answer
    request_queue_size = 512
first, second = servers = [Server(("127.0.0.1", port), Program) for port in (9000, 9001)]
def end(*_):
    for each in servers:
        threading.Thread(target=each.shutdown).start()
signal.signal(signal.SIGTERM, end)
threading.Thread(target=second.serve_forever).start()
first.serve_forever()
for each in servers:
    each.server_close()
"""
UNIT = "[Service]\nExecStart=/usr/bin/python3 /root/program.py\nRestart=no\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, vps: Machine) -> Project:
    vps.run(f"cat >/root/program.py <<'END'\n{PROGRAM}\nEND")
    vps.run(f"printf '%s' '{UNIT}' >/etc/systemd/system/program.service && systemctl daemon-reload")
    vps.run("systemctl start program")
    until_listening(vps, PORT)
    folder = tmp_path_factory.mktemp("room")
    write_certificate(folder / "own", SECURE)
    own = {"chain": "own.pem", "key": "own.key"}
    sites = {
        NAME: {"kind": "proxy", "port": PORT, "https": False},
        SECURE: {"kind": "proxy", "port": 9001, "certificate": own},
    }
    project = Project(folder, vps, None, sites)
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


ASK = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
SOCKET = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode()


def asked(vps: Machine, words: bytes) -> socket.socket:
    """A connection on which a visitor has said this."""
    line = socket.create_connection((vps.address, 80), timeout=120)
    line.sendall(words)
    return line


def answer(line: socket.socket) -> str:
    """All of what comes."""
    with line, line.makefile("rb") as came:
        return came.read().decode()


def held(vps: Machine, name: str = NAME) -> None:
    """Wait until it is known that nobody answers."""
    until(vps, f"test -e /run/deploy/held/{name}")


def web_socket(vps: Machine) -> socket.socket:
    """One by which what is sent comes back."""
    line = asked(vps, SOCKET)
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += line.recv(1)
    assert said.startswith(b"HTTP/1.1 101 "), said
    line.sendall(b"words")
    assert line.recv(100) == b"words"
    return line


@pytest.mark.fault("a program dies that a browser has a WebSocket to")
def test_a_websocket_is_had_again(project: Project, vps: Machine) -> None:
    line = web_socket(vps)
    vps.run("systemctl kill --signal=KILL program")
    assert answer(line) == ""
    with ThreadPoolExecutor(1) as visitors:
        again = visitors.submit(web_socket, vps)
        held(vps)
        vps.run("systemctl start program")
        again.result().close()
    nobody_waits(vps, NAME, PORT)


@pytest.mark.fault("more visitors come while nobody answers than can wait")
def test_who_finds_the_room_full_is_told(project: Project, vps: Machine) -> None:
    vps.run("systemctl stop program")
    with ExitStack() as stack:
        lines = [stack.enter_context(asked(vps, ASK))]
        held(vps)
        lines += [stack.enter_context(asked(vps, ASK)) for _ in range(HOLDS + 30)]
        refused: list[socket.socket] = []
        while len(refused) < 30:
            refused, _, _ = select.select(lines, [], [], 120)
            assert refused, "they hang"
        for line in refused:
            said = answer(line)
            assert (said.startswith("HTTP/1.1 503 "), "Back soon" in said) == (True, True), said
        vps.run("systemctl start program")
        later = [answer(line).split()[1] for line in set(lines) - set(refused)]
        assert set(later) <= {"200", "503"}
        assert later.count("200") >= HOLDS
    nobody_waits(vps, NAME, PORT)


@pytest.mark.fault("a program is there again, and slow")
def test_who_waits_for_a_slow_program_gets_its_page(project: Project, vps: Machine) -> None:
    vps.run("systemctl stop program; touch /root/slow")
    line = asked(vps, ASK)
    held(vps)
    began = time.monotonic()
    vps.run("systemctl start program")
    assert answer(line).startswith("HTTP/1.1 200 ")
    assert time.monotonic() - began < 50, "not only when the wait is over"
    vps.run("rm /root/slow")
    nobody_waits(vps, NAME, PORT)


def test_by_http_2_too_who_waits_gets_what_is_sent(project: Project, vps: Machine) -> None:
    vps.run("systemctl stop program; head -c 300000 /dev/urandom >/root/sent")
    ask = f"curl -sk --http2 --resolve {SECURE}:443:127.0.0.1 https://{SECURE}/ -w ' %{{http_version}} %{{http_code}}'"
    with ThreadPoolExecutor(2) as visitors:
        page = visitors.submit(vps.run, ask)
        sent = visitors.submit(vps.run, f"{ask} --data-binary @/root/sent -o /root/back")
        held(vps, SECURE)
        vps.run("systemctl start program")
        assert page.result().stdout == "page 2 200"
        assert sent.result().stdout == " 2 200"
    vps.run("cmp /root/sent /root/back")
    nobody_waits(vps, SECURE, 9001)


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
