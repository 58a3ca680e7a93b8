"""Heartbeats of a watch to Gatus and Uptime Kuma: who is told what, and what goes wrong."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deployer.audit.evidence import Evidence, read_evidence
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.home.beats import beat
from outside.kuma import PASSWORD, USER, Kuma
from outside.monitored import Run

TOKEN = "a-token-of-heartbeats"
KNOWN = ("vps-example-org-services_runner", "vps-example-org-updates_updates", "vps-example-org-watch_watch")


class Gatus(ThreadingHTTPServer):
    """What Gatus takes for external endpoints, by its sources; `heard` is what it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.known = {*KNOWN}
        self.behind_a_login = False
        self.heard: dict[str, dict[str, list[str]]] = {}
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Gatus

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        said = parse_qs(url.query, strict_parsing=True)
        key = url.path.removeprefix("/api/v1/endpoints/").removesuffix("/external")
        right = url.path == f"/api/v1/endpoints/{key}/external" and said["success"][0] in ("true", "false")
        status = 200 if right else 400
        if self.server.behind_a_login:
            status = 302
        elif right and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            status = 401
        elif right and key not in self.server.known:
            status = 404
        elif right:
            self.server.heard[key] = said
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gatus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gatus]:
    monkeypatch.setenv("GATUS_TOKEN", TOKEN)
    monkeypatch.setenv("KUMA_PASSWORD", PASSWORD)
    with Gatus() as there:
        yield there
        there.shutdown()


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kuma]:
    monkeypatch.setenv("KUMA_PASSWORD", PASSWORD)
    with Kuma() as there:
        yield there


def configured(folder: Path, **monitoring: Any) -> Config:
    document = {"server": {"host": "vps.example.org"}, "monitoring": monitoring}
    (folder / "home.yaml").write_text(json.dumps(document))
    return load(folder / "home.yaml")


def seen(*lines: str) -> Evidence:
    return read_evidence("\n".join(["service runner", "updates", "now 1000", *lines, ""]))


def test_both_are_told(tmp_path: Path, gatus: Gatus, kuma: Kuma) -> None:
    services = {"runner": {"kind": "gitea-runner", "instance": "https://git.example.org", "token": "env:X"}}
    assert Run(tmp_path, kuma.address, {}, services=services, updates={"at": "04:00"}, watch={}).apply()
    config = configured(
        tmp_path,
        gatus={"url": gatus.address, "token": "env:GATUS_TOKEN"},
        uptime_kuma={"url": kuma.address, "user": USER, "password": "env:KUMA_PASSWORD"},
    )
    assert beat(config, True, seen("unwell runner exited with 1 & more")) == ()
    assert gatus.heard == {
        KNOWN[0]: {"success": ["false"], "error": ["exited with 1 & more"]},
        KNOWN[1]: {"success": ["true"]},
        KNOWN[2]: {"success": ["true"]},
    }
    assert sorted(kuma.pushed) == [
        ("runner", "down", "exited with 1 & more"),
        ("updates of vps.example.org", "up", "OK"),
        ("watch of vps.example.org", "up", "OK"),
    ]
    gatus.heard.clear()
    assert beat(config, False, None) == ()
    assert gatus.heard == {
        KNOWN[2]: {"success": ["false"], "error": ["nobody could be told what is not well"]}
    }, "of what the server has not told, nothing is told"


def test_without_monitoring_nobody_is_told(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text("server: {host: vps.example.org}\n")
    assert beat(load(tmp_path / "home.yaml"), True, seen()) == ()
    off = configured(
        tmp_path, gatus={"url": "http://127.0.0.1:9", "token": "env:GATUS_TOKEN"}, heartbeats=False
    )
    assert beat(off, True, seen()) == ()


def test_a_heartbeat_that_uptime_kuma_does_not_take_is_told(tmp_path: Path, gatus: Gatus, kuma: Kuma) -> None:
    services = {"runner": {"kind": "gitea-runner", "instance": "https://git.example.org", "token": "env:X"}}
    assert Run(tmp_path, kuma.address, {}, services=services, updates={"at": "04:00"}, watch={}).apply()
    kuma.deaf = {"runner"}
    to_kuma = {"url": kuma.address, "user": USER, "password": "env:KUMA_PASSWORD"}
    told = beat(configured(tmp_path, uptime_kuma=to_kuma), True, seen())
    assert told == (f"Uptime Kuma at {kuma.address.removeprefix('http://')} does not take 1 of 3 heartbeats",)
    assert len(kuma.pushed) == 2, "the others are told all the same"


@pytest.mark.fault("a Gatus or an Uptime Kuma that takes no heartbeat")
def test_what_goes_wrong_is_told_once_and_keeps_no_other_from_being_told(
    tmp_path: Path, gatus: Gatus, kuma: Kuma, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_gatus = {"url": gatus.address, "token": "env:GATUS_TOKEN"}
    to_nobody = {"url": "http://127.0.0.1:9", "user": USER, "password": "env:KUMA_PASSWORD"}
    gatus.known = {KNOWN[0]}
    assert beat(configured(tmp_path, gatus=to_gatus, uptime_kuma=to_nobody), True, seen()) == (
        "Gatus does not know 1 of 3 heartbeats: deploy apply writes them",
        "Uptime Kuma at 127.0.0.1:9 cannot be reached. Is it at http://127.0.0.1:9?",
    )
    only = configured(tmp_path, gatus={**to_gatus, "url": "http://127.0.0.1:9"})
    assert beat(only, True, seen()) == ("Gatus cannot be reached",)
    gatus.behind_a_login = True
    assert beat(configured(tmp_path, gatus=to_gatus), True, seen()) == ("Gatus answers 302",)
    gatus.behind_a_login = False
    monkeypatch.setenv("GATUS_TOKEN", "another")
    only = configured(tmp_path, gatus=to_gatus)
    assert beat(only, True, seen()) == ("Gatus refuses the token of heartbeats",)
    monkeypatch.delenv("GATUS_TOKEN")
    both = configured(tmp_path, gatus=to_gatus, uptime_kuma={**to_nobody, "url": kuma.address})
    assert beat(both, True, seen()) == ("no heartbeats: GATUS_TOKEN is not set in the environment",)
    assert kuma.asked == ["login"]
