"""Apply leads visitors to a port on the answers that a push takes for good, and on no others."""

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import deployer

SERVER = Path(deployer.__file__).parent / "server"
OF_APPLY = """
. "$0/installed/lib/common/page"
. "$0/sent/apply/pushing.sh"
value_of() { case $2 in PORT) echo "$PORT_OF_TEST" ;; PROBE) echo "$PROBE_OF_TEST" ;; HTTPS) echo 1 ;; esac; }
answers_at_port shop.test
"""
OF_A_PUSH = """
INSTALLED=$0/installed
. "$INSTALLED/lib/common/page"
. "$INSTALLED/lib/common/site"
. "$INSTALLED/lib/composition/health"
AT_PORT=1 HOST=shop.test PORT=$PORT_OF_TEST PROBE=$PROBE_OF_TEST HTTPS=1 CONTAINERS= CODE_BEFORE=''
served
"""


class Program(BaseHTTPRequestHandler):
    """Answers /N with the status N, as shop.test behind its NGINX; else with 500."""

    def do_GET(self) -> None:
        asked = (self.headers["Host"], self.headers["X-Forwarded-Proto"])
        self.send_response(int(self.path[1:]) if asked == ("shop.test", "https") else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Program) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def answers(script: str, port: int, probe: str) -> bool:
    env = {"PATH": "/usr/bin:/bin", "PORT_OF_TEST": str(port), "PROBE_OF_TEST": probe}
    done = subprocess.run(["bash", "-uc", script, SERVER], env=env, capture_output=True, text=True)
    assert not done.stderr
    return done.returncode == 0


@pytest.mark.parametrize("status", [200, 204, 302, 401, 403, 404])
def test_what_a_push_takes_for_an_answer_apply_takes_for_one(status: int, port: int) -> None:
    assert answers(OF_A_PUSH, port, f"/{status}")
    assert answers(OF_APPLY, port, f"/{status}")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_visitors_are_not_led_to_a_program_that_fails(status: int, port: int) -> None:
    assert not answers(OF_APPLY, port, f"/{status}")


def test_visitors_are_not_led_where_nobody_answers() -> None:
    assert not answers(OF_APPLY, 9, "/200")
