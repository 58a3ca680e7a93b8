"""Who is told by which way, and that what does not work is told without its secrets, and stops nothing."""

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deployer.config.watch import Channels, Watch
from deployer.home.channels import beat, send
from deployer.home.watch import heartbeat


class Topics(ThreadingHTTPServer):
    """What ntfy takes as JSON at its root, by its documentation, any other POST below /hook, and pings."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[tuple[str, object]] = []
        self.token, self.status = "", 200
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Topics

    def do_GET(self) -> None:
        self.server.heard.append(("ping", self.path))
        self.end(self.server.status)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.startswith("/hook"):
            self.server.heard.append(("hook", body))
            return self.end(self.server.status)
        if self.path != "/":
            return self.end(404)
        said = json.loads(body)
        known = {"topic": str, "title": str, "message": str, "priority": int, "tags": list}
        right = self.path == "/" and said["topic"] == "alerts" and set(said) == set(known)
        right = right and all(isinstance(said[key], kind) for key, kind in known.items())
        right = right and 1 <= said["priority"] <= 5 and len(said["message"].encode()) <= 4096
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.end(403)
        if right:
            self.server.heard.append(("ntfy", (said["title"], said["message"])))
        return self.end(self.server.status if right else 400)

    def end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def topics() -> Iterator[Topics]:
    with Topics() as server:
        yield server
        server.shutdown()


def channels(**section: object) -> Channels:
    return Channels.model_validate(section)


def test_each_way_gets_title_and_text(topics: Topics) -> None:
    section = channels(ntfy=f"{topics.address}/alerts", url=f"{topics.address}/hook/secret")
    assert send(section, "vps: 1 thing", "✗ größer", urgent=True) == {"ntfy": "", "url": ""}
    assert topics.heard == [("ntfy", ("vps: 1 thing", "✗ größer")), ("hook", "vps: 1 thing\n✗ größer")]
    assert send(section, "t", "ä" * 100_000, urgent=False) == {"ntfy": "", "url": ""}
    assert beat(f"{topics.address}/api/push/x?status=up") == ""
    assert topics.heard[-1] == ("ping", "/api/push/x?status=up")
    assert send(Channels(), "t", "x", urgent=True) == {}


def test_a_topic_that_wants_a_token(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    topics.token = "tk_secret"
    monkeypatch.delenv("TOKEN", raising=False)
    section = channels(ntfy=f"{topics.address}/alerts", ntfy_token="env:TOKEN")
    assert send(section, "t", "x", urgent=True) == {"ntfy": "TOKEN is not set in the environment"}
    monkeypatch.setenv("TOKEN", "tk_other")
    assert send(section, "t", "x", urgent=True) == {"ntfy": "it answers 403"}
    monkeypatch.setenv("TOKEN", "tk_secret")
    assert send(section, "t", "x", urgent=True) == {"ntfy": ""}


def test_one_that_is_broken_keeps_no_other_from_being_told(topics: Topics) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    section = channels(ntfy=f"http://127.0.0.1:{port}/secret", url=f"{topics.address}/hook/x")
    outcome = send(section, "t", "x", urgent=True)
    assert (outcome["ntfy"], outcome["url"]) == ("Connection refused", "")
    topics.status = 500
    assert send(section, "t", "x", urgent=True)["url"] == "it answers 500"


def test_who_speaks_no_http_is_broken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            link, _ = server.accept()
            link.recv(1000)
            link.sendall(b"hello\r\n" * 10)
            link.close()

        threading.Thread(target=babble, daemon=True).start()
        outcome = send(channels(url=f"http://127.0.0.1:{server.getsockname()[1]}/x"), "t", "x", urgent=True)
    assert outcome == {"url": "BadStatusLine"}


class MailServer:
    """Speaks SMTP with whoever comes, and refuses what the code says."""

    def __init__(self, code: str = "250 ok") -> None:
        self.code, self.mails = code, list[str]()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"smtp://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        link, _ = self.server.accept()
        with link, link.makefile("rw", newline="\r\n") as lines:

            def say(text: str) -> None:
                lines.write(text + "\r\n")
                lines.flush()

            say("220 here")
            for line in lines:
                word = line.split()[0].upper() if line.split() else ""
                if word == "DATA":
                    say("354 go on")
                    self.mails.append("".join(iter(lines.readline, ".\r\n")))
                    say("250 taken")
                elif word == "QUIT":
                    say("221 bye")
                    return
                else:
                    say(self.code if word == "RCPT" else "250 ok")


def test_a_mail_by_a_server() -> None:
    server = MailServer()
    mail = {"to": "me@example.org", "from": "vps@example.org", "server": server.address}
    assert send(channels(email=mail), "vps: größer", "✗ a.test answers 502", urgent=True) == {"email": ""}
    (text,) = server.mails
    message = message_from_bytes(text.encode(), policy=policy.default)
    assert (message["Subject"], message["To"], message["From"]) == ("vps: größer", mail["to"], mail["from"])
    assert message.get_content().strip() == "✗ a.test answers 502"


def test_a_mail_server_that_refuses_or_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MailServer("550 no such user here")
    mail = {"to": "me@example.org", "server": server.address}
    (why,) = send(channels(email=mail), "t", "x", urgent=True).values()
    assert why.startswith("the mail server refuses it")
    monkeypatch.setenv("PASSWORD", "secret-password")
    server = MailServer()
    login = {"server": server.address, "user": "me", "password": "env:PASSWORD"}
    (why,) = send(channels(email=mail | login), "t", "x", urgent=True).values()
    assert why == "the mail server has no TLS, without which no password is sent"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (why,) = send(
        channels(email=mail | {"server": f"smtp://127.0.0.1:{port}"}), "t", "x", urgent=True
    ).values()
    assert why == "Connection refused"


def test_a_mail_by_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\n[ "$*" = "-t -i" ] && cat >{tmp_path}/mail\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    section = channels(email={"to": "me@example.org"})
    assert send(section, "t", "text", urgent=True) == {"email": ""}
    assert "To: me@example.org\n" in (tmp_path / "mail").read_text()
    program.write_text("#!/bin/sh\nexit 75\n")
    assert send(section, "t", "text", urgent=True) == {"email": "sendmail ends with 75"}
    program.unlink()
    (why,) = send(section, "t", "text", urgent=True).values()
    assert why


def test_apprise_with_its_own_services(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = "cto=60&rto=60"  # seconds, where Apprise has four: a busy machine is no failure
    there = f"json://127.0.0.1:{topics.server_port}/hook/secret?{patient}"
    monkeypatch.setenv("CHAT", there)
    monkeypatch.delenv("GONE", raising=False)
    section = channels(apprise=["env:CHAT", "env:GONE", "nothing://x", there.replace("/hook/", "/other/")])
    assert send(section, "vps: größer", "✗ a.test answers 502", urgent=True) == {
        "apprise 1": "",
        "apprise 2": "GONE is not set in the environment",
        "apprise 3": "Apprise does not know such an address",
        "apprise 4": "Apprise could not send it",
    }
    ((who, body),) = topics.heard
    said = json.loads(str(body))
    assert (who, said["title"], said["message"]) == ("hook", "vps: größer", "✗ a.test answers 502")


def test_a_heartbeat_stays_away_where_nobody_could_be_told(topics: Topics) -> None:
    watch = Watch.model_validate({"heartbeat": f"{topics.address}/ping/secret"})
    assert heartbeat(Watch(), {}) == ()
    assert heartbeat(watch, {"ntfy": "it answers 403"}) == ("nobody could be told, so there is no heartbeat",)
    assert topics.heard == []
    assert heartbeat(watch, {}) == ()
    assert heartbeat(watch, {"ntfy": "it answers 403", "url": ""}) == ()
    assert topics.heard == [("ping", "/ping/secret")] * 2
    topics.status = 404
    assert heartbeat(watch, {}) == ("the heartbeat could not be sent: it answers 404",)
