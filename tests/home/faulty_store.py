"""A small server that takes S3's requests and answers wrongly, in one way at a time: what no real store does.

It is strict about what it gets: an upload needs Content-MD5 and the condition that nothing is there yet,
unless the fault is that it knows no conditions.
"""

import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LIST = b"<ListBucketResult><Name>backups</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
ERROR = "<?xml version='1.0'?><Error><Code>{0}</Code><Message>{0}</Message></Error>"


class FaultyStore(ThreadingHTTPServer):
    """`fault` is one of silent, garbage, refuses, loses, spoils, unconditional, error, or empty.

    `refusals` has the code and message with which a method is refused; `listed`: a list tells what is there.
    """

    daemon_threads = True

    def __init__(self, fault: str, refusals: Mapping[str, tuple[str, str]] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault, self.refusals = fault, refusals or {}
        self.listed = False
        self.stored: dict[str, bytes] = {}
        self.complaints: list[str] = []
        self.endpoint = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "FaultyStore":
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: FaultyStore
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        fault = self.server.fault
        if fault == "silent":
            time.sleep(5)
        elif fault == "garbage":
            self.answer(200, b"<html><body>Welcome to the router</body>")
        elif fault == "refuses":
            self.answer(403, ERROR.format("AccessDenied").encode())
        elif fault == "error":
            self.answer(500, ERROR.format("InternalError").encode())
        elif "list-type=2" in self.path:
            self.answer(200, self.listing())
        elif "GET" in self.server.refusals:
            self.refuse()
        else:
            self.answer(200, self.server.stored[self.path])

    def listing(self) -> bytes:
        """What is there."""
        if not self.server.listed:
            return LIST
        found = "".join(
            f"<Contents><Key>{path.removeprefix('/backups/')}</Key><Size>{len(content)}</Size></Contents>"
            for path, content in self.server.stored.items()
        )
        return LIST.replace(b"</ListB", f"{found}</ListB".encode())

    def do_DELETE(self) -> None:
        self.refuse()

    def refuse(self) -> None:
        code, message = self.server.refusals[self.command]
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        self.answer(403, text.encode())

    def do_HEAD(self) -> None:
        content = self.server.stored.get(self.path)
        if content is None:
            self.answer(404, b"")
        else:
            self.answer(200, content, ETag='"no sum at all"')

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if "PUT" in self.server.refusals:
            return self.refuse()
        if not self.headers["Content-MD5"]:
            self.server.complaints.append("no Content-MD5")
        if self.server.fault == "unconditional" and self.headers["If-None-Match"]:
            return self.answer(501, ERROR.format("NotImplemented").encode())
        if self.server.fault != "unconditional" and self.headers["If-None-Match"] != "*":
            self.server.complaints.append("no condition")
        if self.server.fault == "spoils":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.server.fault != "loses":
            self.server.stored[self.path] = content
        return self.answer(200, b"", ETag='"no sum at all"')

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""
