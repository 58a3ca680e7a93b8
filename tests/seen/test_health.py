"""What counts as well is one thing: on the server, and where its words are read."""

import os
import shutil
import subprocess
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import deployer
from deployer.report.health import show_health
from deployer.seen.health import read_health
from deployer.seen.site_health import SiteHealth
from seen.test_health_of_backups import shown

SCRIPTS = Path(deployer.__file__).parent / "server/installed"
PAGE = SCRIPTS / "lib/common/page"
SERVER = "memory 1 1|disk 1 1|load 0.1 1|uptime 3|reboot no|now 1"


def test_bash_and_python_call_the_same_answers_well() -> None:
    loop = f"source {PAGE}; for code in {{000..999}}; do if answers_well $code; then echo $code; fi; done"
    told = subprocess.run(["bash", "-c", loop], capture_output=True, text=True, check=True).stdout.split()
    sites = [SiteHealth("", status, 0, None, None, None, None, None) for status in range(1000)]
    fine = [f"{site.status:03}" for site in sites if site.fine]
    assert told == fine
    assert [each for each in told if each[0] not in "23"] == ["401"]


def test_a_page_whose_certificate_browsers_refuse_is_not_fine() -> None:
    site = SiteHealth("old.test", 200, 0, 89, None, None, None, None)
    assert site.fine
    assert not replace(site, problems=("the certificate is not for old.test",)).fine


def test_one_curl_asks_for_all_sites(tmp_path: Path) -> None:
    (tmp_path / "curl").write_text(
        f'#!/bin/bash\necho >>{tmp_path}/started\nexec {shutil.which("curl")} "$@"\n'
    )
    (tmp_path / "curl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        paths = {f"site-{number}.test": "/" if number % 5 else '/no"|"here' for number in range(50)}
        lines = "".join(f"{name}\thttp\t:{server.server_port}{path}\n" for name, path in paths.items())
        ask = f"set -euo pipefail; source {SCRIPTS}/lib/common/visitor; visit_all"
        argv = ["bash", "-c", ask]
        done = subprocess.run(argv, input=lines, capture_output=True, text=True, check=True, env=environment)
        server.shutdown()
    answers = dict(line.split("|", 2)[:2] for line in done.stdout.splitlines())
    assert answers == {name: "200" if path == "/" else "404" for name, path in paths.items()}
    assert (tmp_path / "started").read_text() == "\n"


def test_what_nginx_answers_by_itself_hides_no_program_that_fails(tmp_path: Path) -> None:
    """Where it asks for a password, or leads elsewhere, the program is asked, too."""
    conf = tmp_path / "etc/nginx/conf.d"
    conf.mkdir(parents=True)
    with HTTPServer(("127.0.0.1", 0), Nginx) as nginx, HTTPServer(("127.0.0.1", 0), Program) as program:
        for each in (nginx, program):
            threading.Thread(target=each.serve_forever, daemon=True).start()
        groups = {"up.test": (program.server_port, 1), "down.test": (1,), "page.test": (1,)}
        for name, ports in groups.items():
            lines = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
            (conf / f"{name}.conf").write_text(f"upstream deploy_{name} {{\n{lines}}}\n")
        (conf / "broken.test.conf").write_text((conf / "up.test.conf").read_text())
        paths = {"up.test": "/301", "down.test": "/401", "broken.test": "/401", "files.test": "/401"}
        paths |= {"page.test": "/200"}
        asked = "".join(f"{name}\thttp\t:{nginx.server_port}{path}\n" for name, path in paths.items())
        ask = f"set -euo pipefail; source {SCRIPTS}/lib/common/visitor; visit_all"
        environment = {"PATH": os.environ["PATH"], "DEPLOY_ROOT": str(tmp_path)}
        done = subprocess.run(
            ["bash", "-c", ask], input=asked, capture_output=True, text=True, check=True, env=environment
        )
        nginx.shutdown()
        program.shutdown()
    answers = dict(line.split("|", 2)[:2] for line in done.stdout.splitlines())
    wanted = {"up.test": "301", "down.test": "502", "broken.test": "500", "files.test": "401"}
    assert answers == wanted | {"page.test": "200"}


class Nginx(BaseHTTPRequestHandler):
    """What is asked for."""

    def do_GET(self) -> None:
        self.send_response_only(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Program(Nginx):
    """Something is wrong with the one of broken.test."""

    def do_GET(self) -> None:
        self.send_response_only(500 if self.headers["Host"].startswith("broken.test:") else 404)
        self.end_headers()


class Answer(BaseHTTPRequestHandler):
    """200 at /, to who asks for one of the names that lead here."""

    def do_GET(self) -> None:
        known = self.headers["Host"].startswith("site-")
        self.send_response_only(200 if self.path == "/" and known else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_has_no_curl_yet_has_no_answer(tmp_path: Path) -> None:
    for program in ("bash", "head", "sed"):
        (tmp_path / program).symlink_to(shutil.which(program) or "")
    tell = 'echo "answer example.org $STATUS $SECONDS_TAKEN $EXPIRES"'
    ask = f"source {SCRIPTS}/lib/common/visitor; visit example.org https /; {tell}"
    argv = [str(tmp_path / "bash"), "-uc", ask]
    told = subprocess.run(
        argv, capture_output=True, text=True, check=True, env={"PATH": str(tmp_path)}
    ).stdout
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    (site,) = read_health(server + told, {"example.org": ()}).sites
    assert (site.status, site.fine) == (0, False)


def test_who_is_refused_is_told_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = "answer office.example.org 403 0.1\nanswer gone.example.org 404 0.1\n"
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    health = read_health(server + answers, {"office.example.org": (), "gone.example.org": ()})
    told = " ".join(shown(health, monkeypatch).split())
    assert "! office.example.org answers 403 to this server, which asks from 127.0.0.1" in told
    assert "! gone.example.org" not in told


def test_the_end_of_a_certificate_is_read_without_its_words() -> None:
    ends = ("Feb 26 07:47:29 2027 GMT", "Dec  1 00:00:00 2026 GMT", "Sep 09 08:09:10 2026 GMT")
    loop = f'source {SCRIPTS}/lib/common/visitor; for end in "$@"; do seconds_of "$end"; done'
    kathmandu = {"TZ": "Asia/Kathmandu", "PATH": "/usr/bin:/bin"}
    told = subprocess.run(
        ["bash", "-euc", loop, "test", *ends], capture_output=True, text=True, check=True, env=kathmandu
    )
    assert told.stdout.split() == ["1803628049", "1796083200", "1788941350"]


def test_files_with_which_nginx_would_not_start_again_are_told() -> None:
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    words = 'cannot load certificate "/etc/letsencrypt/live/a.test/fullchain.pem": no such file'
    told = f"{server}answer a.test 200 0.001\n"
    assert read_health(told, {"a.test": ()}).fine
    health = read_health(f"{told}nginx_refuses {words}\n", {"a.test": ()})
    assert (health.fine, health.nginx_refuses) == (False, words)


def test_an_nginx_that_does_not_run_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    sites = {"a.test": ("www.a.test",), "b.test": ()}
    silent = "".join(f"answer {each} 000 0\n" for each in ("a.test", "www.a.test", "b.test"))
    health = read_health(f"{server}{silent}nginx_rests inactive\n", sites)
    told = " ".join(shown(health, monkeypatch).split())
    assert "✗ NGINX does not run: no site can answer (on the server: systemctl start nginx)" in told
    assert "does not answer" not in told
    answers = silent.replace("b.test 000", "b.test 200")
    assert read_health(f"{server}{answers}nginx_rests inactive\n", sites).nginx_rests == ""
    assert read_health(f"{server}nginx_rests inactive\n", {}).fine, "no site misses it"


def test_a_program_that_does_not_listen_is_told_once() -> None:
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    told = server + "".join(
        f"answer {each} 502 0.001\ndeaf {each} 3000\n" for each in ("a.test", "b.test", "c.test")
    )
    told += "stopped b.test by ada\nunwell c.test app has stopped\n"
    sites = read_health(told, dict.fromkeys(("a.test", "b.test", "c.test"), ())).sites
    assert [each.problems for each in sites] == [
        ("nothing listens on 127.0.0.1:3000, where NGINX leads its visitors",),
        (),
        (),
    ]


def test_what_nobody_has_pushed_yet_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its visitors get nothing, so all is not well; but nothing of it is broken."""
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    told = f"{server}answer shop.test 503 0.001\ndeaf shop.test 3000\nwaits shop.test deploy push shop.test\n"
    health = read_health(told, {"shop.test": ()})
    assert not health.fine
    words = shown(health, monkeypatch)
    assert "! shop.test waits for its first push: deploy push shop.test\n" in words
    assert "✗" not in words
    assert "nothing listens" not in words


def test_what_never_came_up_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    told = (
        f"{server}answer notes.test 000 0.001\nnot_up notes.test 1795935000 5fe0 app ended with exit code 3\n"
    )
    health = read_health(told, {"notes.test": ()})
    assert not health.fine
    assert (
        "✗ notes.test is not up: bringing it up failed at 2026-11-29 06:50 UTC (app ended with exit code 3); "
        "this tries it again: deploy apply notes.test\n"
    ) in shown(health, monkeypatch)


def test_a_name_that_is_not_served_yet_has_a_certificate_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "letsencrypt"
    (folder / "live/notes.test").mkdir(parents=True)
    (folder / "renewal").mkdir()
    names = "subjectAltName=DNS:notes.test,DNS:memo.notes.test"
    certificate = ["-newkey", "ed25519", "-nodes", "-subj", "/CN=notes.test", "-addext", names]
    files = ["-keyout", "/dev/null", "-out", folder / "live/notes.test/cert.pem"]
    subprocess.run(["openssl", "req", "-x509", *certificate, *files], capture_output=True, check=True)
    known = [f"{name} = /var/www/acme\n" for name in ("notes.test", "memo.notes.test", "not-yet.test")]
    (folder / "renewal/notes.test.conf").write_text("".join(known))
    visitor = (SCRIPTS / "lib/common/visitor").read_text().replace("/etc/letsencrypt", str(folder))
    ask = f'{visitor}\nfor name; do explain_missing "$name"; echo "$name $DISTRUST"; done'
    argv = ["bash", "-euc", f"looked_up=10\n{ask}", "test", "notes.test", "memo.notes.test", "not-yet.test"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    served = "NGINX does not serve it yet, though it has a certificate (deploy plan tells why)"
    assert done.stdout.splitlines() == [
        f"notes.test {served}",
        f"memo.notes.test {served}",
        "not-yet.test it has no certificate",
    ]
    assert not done.stderr


def test_what_was_refused_before_it_began_is_no_failure(tmp_path: Path) -> None:
    places = {"/etc/deploy/sites": "sites", "/var/log/deploy": "log", "/srv/deploy": "srv", "/var/www": "www"}
    status = (SCRIPTS.parent / "sent/status.sh").read_text()
    function = status[status.index("releases() {") :].split("\n}\n")[0] + "\n}"
    for path, name in places.items():
        (tmp_path / name).mkdir()
        function = function.replace(path, str(tmp_path / name))
    for name in ("a.test", "b.test"):
        (tmp_path / "sites" / f"{name}.conf").write_text("KIND=static\n")
    lines = [("a.test", "restore", "refused"), ("b.test", "push", "failed"), ("b.test", "restore", "refused")]
    log = "".join(f'{{"site":"{site}","action":"{what}","result":"{end}"}}\n' for site, what, end in lines)
    (tmp_path / "log/push.log").write_text(log)
    argv = ["bash", "-c", f"{function}\nreleases"]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert told == 'failed b.test {"site":"b.test","action":"push","result":"failed"}\n'


def test_what_is_live_is_no_date_beside_a_date(capsys: pytest.CaptureFixture[str]) -> None:
    server = "".join(f"server {line}\n" for line in SERVER.split("|"))
    made = '{"time":"2026-11-29T06:50:06Z","by":"ada","revision":"'
    told = (
        f'{server}answer a.test 200 0.1\nrelease a.test 20261129-065006\npushed a.test {made}"}}\n'
        f'answer b.test 200 0.1\nrelease b.test 20261129-065006-1\npushed b.test {made}0123456789"}}\n'
        "answer c.test 200 0.1\nrelease c.test by-hand\n"
    )
    show_health(read_health(told, {"a.test": (), "b.test": (), "c.test": ()}), "vps.example.org")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if ".test" in line]
    assert [row[6] for row in rows] == ["images", "0123456", "by-hand"], rows
