"""Visitors who ask for every name all the time, through NGINX, as from the internet."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PAUSE = 0.05  # between two rounds
PATIENCE = 5.0
UNTRUSTING = ssl._create_unverified_context()


@dataclass(frozen=True)
class Answer:
    """What one visitor got, and when: the first line of a page, where it led, or the code."""

    at: float
    name: str
    text: str


@dataclass
class Asked:
    """The answers of a while."""

    answers: list[Answer] = field(default_factory=list)


def ask(address: str, name: str) -> str:
    """What a visitor of a name gets; the name begins with https:// where TLS is asked for."""
    scheme, _, domain = name.rpartition("://")
    try:
        with socket.create_connection((address, 443 if scheme == "https" else 80), PATIENCE) as line:
            if scheme == "https":
                line = UNTRUSTING.wrap_socket(line, server_hostname=domain)
            line.sendall(f"GET / HTTP/1.1\r\nHost: {domain}\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(line)
            answer.begin()
            if answer.status == 200:
                return answer.read(200).decode(errors="replace").partition("\n")[0].strip()
            return f"→ {answer.getheader('Location')}" if 300 <= answer.status < 400 else str(answer.status)
    except (OSError, http.client.HTTPException):
        return "closed"


def ask_all(address: str, names: Iterable[str]) -> list[Answer]:
    """One round."""
    return [Answer(time.time(), name, ask(address, name)) for name in names]


def who(text: str) -> str:
    """Who answers: a page begins with it."""
    return text if text.startswith("→") else text.partition(" ")[0]


@contextmanager
def visiting(address: str, names: Iterable[str]) -> Iterator[Asked]:
    """Ask for the names all the while."""
    asked, over = Asked(), threading.Event()

    def visit() -> None:
        while not over.wait(PAUSE):
            asked.answers += ask_all(address, names)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield asked
    finally:
        over.set()
        thread.join()
