"""A program behind NGINX, for tests: says what it was told, streams, takes uploads, speaks WebSocket.

Run as `python3 upstream.py PORT`; the standard library is enough.
"""

import base64
import hashlib
import json
import random
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OWN_HEADERS = {
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=1",
    "Cache-Control": "max-age=60",
}


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = 0  # bytes of the latest upload so far, whoever asks
    first_came = threading.Event()

    def do_GET(self) -> None:
        answers = {
            "/stream": self.stream,
            "/pieces": self.pieces,
            "/came": self.came,
            "/socket": self.socket,
            "/own-headers": self.own_headers,
        }
        path = self.path.rpartition("/api")[2]
        if path.startswith("/text/short/"):
            self.answer("some text " * 100, {"Content-Type": path.removeprefix("/text/short/")})
        elif path.startswith("/text/"):
            self.answer("some text " * 200, {"Content-Type": path.removeprefix("/text/")})
        else:
            answers.get(path, self.say_what_was_told)()

    def do_POST(self) -> None:
        Upstream.received = 0
        missing = int(self.headers["Content-Length"])
        while missing and (part := self.rfile.read1(min(missing, 65536))):
            Upstream.received += len(part)
            missing -= len(part)
        self.answer(str(Upstream.received))

    def say_what_was_told(self) -> None:
        told = {name: self.headers.get_all(name) for name in self.headers}
        self.answer(
            json.dumps(
                {
                    "path": self.path,
                    "headers": told,
                    "received": Upstream.received,
                    "from": self.client_address[1],
                }
            )
        )

    def own_headers(self) -> None:
        self.answer("mine", OWN_HEADERS)

    def answer(self, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def came(self) -> None:
        Upstream.first_came.set()
        self.answer("")

    def stream(self) -> None:
        """An event stream whose second event comes when somebody says that the first has come."""
        Upstream.first_came.clear()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        if Upstream.first_came.wait(60):
            self.wfile.write(b"data: second\n\n")
        self.close_connection = True

    def pieces(self) -> None:
        """A text whose second half comes when somebody says that the first has come."""
        Upstream.first_came.clear()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = base64.b64encode(random.Random(1).randbytes(1500))
        piece = b"%x\r\n%b\r\n" % (len(half), half)
        self.wfile.write(piece)
        if Upstream.first_came.wait(60):
            self.wfile.write(piece + b"0\r\n\r\n")

    def socket(self) -> None:
        """A WebSocket that sends back what it gets, frame by frame as it stands."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header(
            "Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        )
        self.end_headers()
        while part := self.rfile.read1(65536):
            self.wfile.write(part)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Upstream).serve_forever()
