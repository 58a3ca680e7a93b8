"""A small HTTP server that stands for ntfy, Uptime Kuma and healthchecks, and is strict about their requests.

None of the three can be had here; what they take is in their documentation.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Listener(ThreadingHTTPServer):
    """`heard` has what each was told; a request that none of them would take is answered with 400."""

    daemon_threads = True

    def __init__(self, status: int = 200, delay: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.delay = status, delay
        self.heard: list[tuple[str, str, str]] = []
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def section(self) -> dict[str, str]:
        """What stands in sites.yaml as home.notify."""
        return {
            "ntfy": f"{self.address}/secret-topic",
            "uptime_kuma": f"{self.address}/api/push/secret-token?status=up&msg=OK&ping=",
            "healthchecks": f"{self.address}/ping/secret-id",
        }

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Listener

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = parse_qs(url.query, strict_parsing=True)
        right = url.path == "/api/push/secret-token" and set(asked) <= {"status", "msg", "ping"}
        right = right and all(len(values) == 1 for values in asked.values())
        self.answer("uptime_kuma" if right else "", asked["status"][0], asked["msg"][0])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/secret-topic":
            right = self.headers["Title"].isascii() and self.headers["Priority"] == "high" and body
            return self.answer("ntfy" if right and len(body.encode()) <= 4096 else "", "failure", body)
        ends = {
            "/ping/secret-id/start": "start",
            "/ping/secret-id": "success",
            "/ping/secret-id/fail": "failure",
        }
        return self.answer("healthchecks" if self.path in ends else "", ends.get(self.path, ""), body)

    def answer(self, who: str, event: str, text: str) -> None:
        time.sleep(self.server.delay)
        if who:
            self.server.heard.append((who, event, text))
        self.send_response(self.server.status if who else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""
