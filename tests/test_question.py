"""What is sent counts as an answer only when it has come whole."""

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import deployer

SCRIPTS = Path(deployer.__file__).parent / "server/installed"
SITE = "http://site.test"
PAGE = b"<h1>One</h1>"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "now").mkdir()
    (tmp_path / "now/index.html").write_bytes(PAGE)
    return tmp_path


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        ("/", f"0 {SITE}/ answers 200"),
        ("/changed", f"0 {SITE}/changed answers 200, with a page that NGINX changes"),
        ("/away", f"0 {SITE}/away answers 302 and leads to http://other.test/a?b=c"),
        ("/cut", f"1 NGINX breaks off its answer at {SITE}/cut (curl ends with 18)"),
        ("/none", f"1 NGINX does not answer at {SITE}/none"),
        ("/gone", f"1 {SITE}/gone answers 404"),
    ],
)
def test_an_answer_that_breaks_off_is_none(work: Path, probe: str, told: str) -> None:
    assert told == asked(work, probe)


def test_another_release_is_told_by_the_address_of_the_page(work: Path) -> None:
    (work / "now/index.html").write_text("<h1>Two</h1>")
    assert asked(work, "/", witness=False) == f"1 {SITE}/ answers with another page than the release's"


@pytest.mark.parametrize("way", ["ask_nginx", "ask_port"])
@pytest.mark.parametrize(
    ("probe", "told"),
    [
        ("/", "200 {} answers 200"),
        ("/cut", "000 {} breaks off its answer (curl ends with 18)"),
        ("/gone", "404 {} answers 404"),
        ("/none", "000 NGINX does not answer at {}"),
    ],
)
def test_what_runs_in_containers_is_not_well_when_its_answer_breaks_off(
    work: Path, way: str, probe: str, told: str
) -> None:
    if way == "ask_port":
        told = told.replace("NGINX does not answer", "nothing answers")
    url = f"{SITE if way == 'ask_nginx' else 'http://127.0.0.1:8080'}{probe}"
    script = f'source {SCRIPTS}/lib/composition/health; HOST=site.test PORT=8080; {way}; echo "$CODE $ANSWER"'
    assert answered(work, probe, script) == told.format(url)


def test_status_tells_of_an_answer_that_breaks_off(work: Path) -> None:
    told = [
        line.split("|")
        for line in answered(work, "/cut", f"source {SCRIPTS}/lib/common/visitor; {VISIT}").splitlines()
    ]
    assert [(status, problem) for _, status, _, _, problem in told] == [
        ("200", "its answer breaks off (curl ends with 18)")
    ]


VISIT = "printf 'site.test\\thttp\\t%s\\n' \"$PROBE\" | visit_all"


def asked(work: Path, probe: str, witness: bool = True) -> str:
    """What `is_served` finds."""
    ask = 'served=0; is_served now || served=1; echo "$served $ANSWER"'
    return answered(work, probe, f"source {SCRIPTS}/lib/publication/probe; {ask}", witness)


def answered(work: Path, probe: str, ask: str, witness: bool = True) -> str:
    """What a script says; its curl is the real one, and comes to a server of this test's."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = work / "now" / self.path[1:]
            if self.path == "/away":
                self.answer(302, b"", Location="http://other.test/a?b=c")
            elif witness and self.path.startswith("/deploy-question-"):
                self.answer(200, file.read_bytes())
            elif self.path == "/cut":
                self.answer(200, PAGE, Content_Length="99")
            elif self.path != "/none":
                self.answer(404 if self.path == "/gone" else 200, PAGE)

        def answer(self, code: int, body: bytes, **headers: str) -> None:
            self.send_response_only(code)
            for name, value in ({"Content_Length": str(len(body))} | headers).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        curl = work / "bin/curl"
        curl.parent.mkdir()
        curl.write_text(
            f'#!/bin/bash\nexec {shutil.which("curl")} --connect-to ::127.0.0.1:{server.server_port} "$@"\n'
        )
        curl.chmod(0o755)
        values = f"DOMAIN=site.test HTTPS=0 PROBE={probe} PHP_USER='' WORK={work} RELEASES={work}"
        path = f"PATH={curl.parent}:{os.environ['PATH']}"
        begin = f"set -euo pipefail; INSTALLED={SCRIPTS}; source {SCRIPTS}/lib/common/site"
        argv = ["bash", "-c", f"{begin}; {path}; {values}; {ask}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        server.shutdown()
    return done.stdout.strip()
