"""A running server with the golden sites: where its files are from here, and how it is asked."""

import http.client
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True)
class Answer:
    """What NGINX said, with every header line that it sent."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header, one an occurrence."""
        return self.headers.get_all(name, [])


@dataclass(frozen=True)
class Place:
    """`root` is its file system seen from here, `inside` the same seen by its NGINX ("" on a real server)."""

    root: Path
    inside: str
    address: str
    http: int
    https: int
    brotli: bool

    def connect(self, url: str) -> http.client.HTTPConnection:
        """A connection for this URL, whatever the DNS says of its name."""
        parts = urlsplit(url)
        port = self.https if parts.scheme == "https" else self.http
        raw = socket.create_connection((self.address, port), timeout=30)
        connection = http.client.HTTPConnection(parts.hostname or "")
        secure = parts.scheme == "https"
        connection.sock = CONTEXT.wrap_socket(raw, server_hostname=parts.hostname) if secure else raw
        return connection

    def ask(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask for a URL on a connection of its own; underscores in names of headers are hyphens."""
        connection = self.connect(url)
        answer = self.ask_on(connection, url, method, body, **headers)
        connection.close()
        return answer

    def ask_on(
        self,
        connection: http.client.HTTPConnection,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """Ask on a connection that stays open."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {name.replace("_", "-"): v for name, v in headers.items()})
        said = connection.getresponse()
        return Answer(said.status, said.headers, said.read())

    def write(self, path: str, content: bytes) -> None:
        """Put a file there."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def link(self, path: str, target: str) -> None:
        """Make a link, or switch it, in one step."""
        link = self.root / path.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        new = link.with_name(link.name + ".new")
        os.symlink(self.inside + target, new)
        os.rename(new, link)
