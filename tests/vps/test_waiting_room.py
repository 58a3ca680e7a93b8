"""Visitors of a program that does not answer wait until it does, and none of them gets an error."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.waiting import until, until_listening

pytestmark = pytest.mark.takes_turns("module")
NAME, PORT = "app.example.test", 9000
PROGRAM = """
import sys, time
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
ThreadingHTTPServer(("127.0.0.1", 9000), Program).serve_forever()
"""
UNIT = "[Service]\nExecStart=/usr/bin/python3 /root/program.py\nRestart=no\n"


@dataclass
class Load:
    """Visitors who ask again and again, each time over a new connection; every other one sends something."""

    address: str
    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0
    enough: threading.Event = field(default_factory=threading.Event)

    def visit(self, sends: bool) -> None:
        while not self.enough.is_set():
            began = time.monotonic()
            self.statuses[ask(self.address, b"x" * 300_000 if sends else None)] += 1
            self.longest = max(self.longest, time.monotonic() - began)


def ask(address: str, body: bytes | None = None, seconds: float = 90) -> int:
    """The status that a visitor gets; 0 where the answer is cut off, or another than was asked for."""
    line = http.client.HTTPConnection(address, timeout=seconds)
    try:
        line.request("POST" if body else "GET", "/", body, {"Host": NAME, "Connection": "close"})
        answer = line.getresponse()
        text = answer.read()
        if answer.status == 200 and text != (body or b"page"):
            return 0
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


@contextmanager
def visitors(address: str, count: int = 8, sends: bool = True) -> Iterator[Load]:
    """Such visitors, before and after what is done meanwhile."""
    load = Load(address)
    threads = [
        threading.Thread(target=load.visit, args=(sends and number % 2 == 0,)) for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.enough.set()
        for thread in threads:
            thread.join()


def asked(load: Load, more: int = 100) -> None:
    """Wait until so many more requests have had their answer."""
    so_many = load.statuses.total() + more
    while load.statuses.total() < so_many:
        time.sleep(0.02)


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
    with visitors(vps.address, sends=False) as load:
        asked(load)
        vps.run("systemctl restart program")
        asked(load)
    assert set(load.statuses) == {200}, load.statuses
    assert 1 < load.longest < 5
    nobody_waits(vps)


def test_who_comes_while_nobody_answers_waits_with_what_is_sent(project: Project, vps: Machine) -> None:
    vps.run("systemctl stop program")
    with visitors(vps.address) as load:
        until(vps, f"test -e /run/deploy/held/{NAME}")
        vps.run("systemctl start program")
        asked(load)
    assert set(load.statuses) == {200}, load.statuses
    assert 1 < load.longest < 8
    nobody_waits(vps)


def nobody_waits(vps: Machine) -> None:
    """All is well again, and nothing of it is left."""
    until(vps, f"test ! -e /run/deploy/held/{NAME}")
    until(vps, f"! systemctl is-active --quiet deploy-room@{NAME}.service")
