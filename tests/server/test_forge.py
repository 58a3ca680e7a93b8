"""Secrets through Gitea's API, against a server of the test's own that checks what its documentation asks.

No Gitea is at hand here: that a real one answers as this one does was never seen.
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deployer.errors import DeployError, UnreachableError
from deployer.server.forge import set_secrets
from deployer.workflow import Place

TOKEN = "0123456789abcdef"
PATH = re.compile(r"/api/v1/repos/([^/]+)/([^/]+)/actions/secrets/([A-Z_][A-Z0-9_]*)")


class Gitea(BaseHTTPRequestHandler):
    """PUT of a secret, and nothing else."""

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.respond(self.judge(data))

    def judge(self, data: bytes) -> int:
        found = PATH.fullmatch(self.path)
        if self.headers["Authorization"] != f"token {TOKEN}":
            return 401
        if not found or found[1] != "me":
            return 404
        if found[2] == "elsewhere":
            return 302
        if found[2] == "readonly":
            return 403
        name, body = found[3], json.loads(data)
        if (
            name.startswith(("GITEA_", "GITHUB_"))
            or set(body) != {"data"}
            or not isinstance(body["data"], str)
        ):
            return 400
        if self.headers["Content-Type"] != "application/json" or not body["data"]:
            return 400
        known = name in self.server.secrets
        self.server.secrets[name] = body["data"]
        return 204 if known else 201

    def respond(self, code: int) -> None:
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/api/v1/repos/me/a/actions/secrets/STOLEN")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gitea() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Gitea) as server:
        server.secrets = {}
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def place(gitea: HTTPServer, name: str = "a", owner: str = "me") -> Place:
    return Place(f"http://127.0.0.1:{gitea.server_port}", owner, name)


def test_secrets_are_set_and_set_anew(gitea: HTTPServer) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nä\n-----END OPENSSH PRIVATE KEY-----\n"
    set_secrets(place(gitea), TOKEN, {"SSH_HOST": "old", "SSH_PRIVATE_KEY": key})
    set_secrets(place(gitea), TOKEN, {"SSH_HOST": "vps.example.org"})
    assert gitea.secrets == {"SSH_HOST": "vps.example.org", "SSH_PRIVATE_KEY": key}


@pytest.mark.parametrize(
    ("name", "owner", "token", "words"),
    [
        ("a", "me", "wrong", "the token is not accepted"),
        ("readonly", "me", TOKEN, "it needs the scope write:repository"),
        ("a", "nobody", TOKEN, "there is no such repository"),
        ("elsewhere", "me", TOKEN, "it answers 302"),
    ],
)
def test_a_refusal_is_told_without_the_secret(
    gitea: HTTPServer, name: str, owner: str, token: str, words: str
) -> None:
    with pytest.raises(DeployError) as error:
        set_secrets(place(gitea, name, owner), token, {"SSH_PRIVATE_KEY": "precious"})
    assert error.value.message.startswith(f"SSH_PRIVATE_KEY was not set in {owner}/{name}")
    assert words in error.value.message
    assert "precious" not in error.value.message + error.value.advice
    assert gitea.secrets == {}


def test_nobody_there() -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        set_secrets(Place("http://127.0.0.1:1", "me", "a"), TOKEN, {"SSH_HOST": "vps"})
