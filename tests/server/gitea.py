"""The two calls of Gitea's API that are used, as strict as its documentation; no real Gitea was at hand."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

TOKEN = "0123456789abcdef"
PATH = re.compile(r"/api/v1/repos/([^/]+)/([^/]+)/actions/secrets/([A-Z_][A-Z0-9_]*)")


class Gitea(BaseHTTPRequestHandler):
    """PUT and DELETE of a secret, and nothing else."""

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.respond(self.judge(data))

    def do_DELETE(self) -> None:
        found = PATH.fullmatch(self.path)
        known = found and found[1] == "me" and self.server.secrets.pop(found[3], None)
        self.respond(401 if self.headers["Authorization"] != f"token {TOKEN}" else 204 if known else 404)

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


@contextmanager
def running() -> Iterator[HTTPServer]:
    """A server on a port of its own; `secrets` has what was set."""
    with HTTPServer(("127.0.0.1", 0), Gitea) as server:
        server.secrets = {}
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
