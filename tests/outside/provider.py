"""A stand-in for a DNS provider over real HTTP, which refuses whatever the real one would refuse."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "a-token-of-forty-letters-that-nobody-sees"


class RefusedError(Exception):
    """What a provider answers instead of what was asked for."""

    def __init__(self, status: int, code: str | int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    parameters: dict[str, str]
    body: dict[str, Any] | None
    headers: dict[str, str]


@dataclass
class Reply:
    """What is sent back; `cut` bytes at its end are never sent."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


class Provider:
    """The API below `address`; `asked` has every request, `next` replies that come instead of its own."""

    prefix = ""
    listen = "127.0.0.1"
    rate = 1200

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.next: list[Reply | Callable[[Asked], Reply | None]] = []
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                target = urlsplit(self.path)
                pairs = parse_qsl(target.query, keep_blank_values=True)
                body = json.loads(raw) if raw else None
                asked = Asked(
                    self.command,
                    target.path,
                    dict(pairs),
                    body,
                    {k.lower(): v for k, v in self.headers.items()},
                )
                with provider._lock:
                    provider.asked.append(asked)
                    reply = provider._instead(asked) or provider._reply(asked)
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content[: len(reply.content) - reply.cut])
                if reply.cut:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((self.listen, 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who asked has gone away
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _instead(self, asked: Asked) -> Reply | None:
        if not self.next:
            return None
        first = self.next.pop(0)
        return first(asked) if callable(first) else first

    def _reply(self, asked: Asked) -> Reply:
        try:
            if len(self.asked) > self.rate:
                return self.too_many()
            self.check(asked)
            status, body = self.answer(asked)
            return Reply(status, json.dumps(body).encode())
        except RefusedError as error:
            return Reply(error.status, json.dumps(self.refusal(error)).encode())

    def too_many(self, seconds: int = 1) -> Reply:
        error = RefusedError(429, "rate_limited", "too many requests")
        return Reply(429, json.dumps(self.refusal(error)).encode(), {"Retry-After": str(seconds)})

    def check(self, asked: Asked) -> None:
        """Refuse who has not the token."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise RefusedError(*self.unauthorized)
        if asked.body is not None and asked.headers.get("content-type") != "application/json":
            raise RefusedError(400, "bad", "the body is no JSON")

    unauthorized: tuple[int, str | int, str] = (401, "unauthorized", "unable to authenticate")

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        raise NotImplementedError

    def refusal(self, error: RefusedError) -> dict[str, Any]:
        raise NotImplementedError


HTML = Reply(200, b"<html><body>Checking your browser</body></html>", {"Content-Type": "text/html"})


def exact(given: dict[str, Any], allowed: set[str], required: set[str], what: str) -> None:
    """Refuse keys that are not known, and the lack of those that must be there."""
    if unknown := given.keys() - allowed:
        raise RefusedError(400, "bad", f"{what} has unknown keys: {sorted(unknown)}")
    if missing := required - given.keys():
        raise RefusedError(400, "bad", f"{what} lacks {sorted(missing)}")
