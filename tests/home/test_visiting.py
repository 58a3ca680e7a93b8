"""Sites asked for as visitors do, of real servers with real certificates of this machine."""

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deployer.home import visiting
from deployer.home.visiting import visit_all
from deployer.watching.visits import Target, Visit

HERE = "127.0.0.1"
NAME = "localhost"


class Page(BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self) -> None:
        status = int(self.path[1:4]) if self.path[1:4].isdigit() else 200
        self.send_response(status)
        if self.path.startswith("/301"):
            self.send_header("Location", self.path.removeprefix("/301"))
        self.end_headers()
        self.wfile.write(f"Willkommen für {self.headers['Host']}".encode())

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class Authority:
    """Makes certificates for this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = (
            self._builder(self.name, self.key.public_key(), 365)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, days: float
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(90))
        return made.not_valid_after(now + datetime.timedelta(days))

    @property
    def text(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, name: str, days: float) -> ssl.SSLContext:
        """What a server has that shows a certificate of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            self._builder(subject, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
            .add_extension(identifier, False)
            .sign(self.key, hashes.SHA256())
        )
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path = self.folder / f"{name}{days}.pem"
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, *form)
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server, and its port."""
    with ThreadingHTTPServer((HERE, 0), Page) as server:
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Something that listens and does as it likes with whoever comes."""
    with socket.create_server((HERE, 0)) as server:

        def serve() -> None:
            try:
                while True:
                    link, _ = server.accept()
                    threading.Thread(target=speak, args=(link,), daemon=True).start()
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def one(visits: list[Visit]) -> Visit:
    """That of 127.0.0.1: this machine may have ::1, too, where nothing listens."""
    (found,) = [visit for visit in visits if visit.address == HERE]
    return found


def plain(path: str, port: int, words: str = "") -> Visit:
    target = Target(NAME, "http", path, NAME)
    return one(visit_all([target], {NAME: words} if words else {}, ports={"http": port}))


def secure(port: int, authority: str) -> Visit:
    return one(visit_all([Target(NAME, "https", "/", NAME)], {}, authority, {"https": port}))


def test_a_page_and_its_words() -> None:
    with serving() as port:
        assert (plain("/", port).status, plain("/", port).wrong) == (200, "")
        assert plain("/", port, "Willkommen für localhost").wrong == ""
        assert plain("/", port, "Nobody").wrong == "answers 200, and its page lacks the words 'Nobody'"
        assert plain("/502", port).wrong == "answers 502"
        assert plain("/401", port).wrong == ""
        assert plain("/301/there", port).wrong == ""
        assert plain("/301/there", port, "Willkommen").wrong == "", "the words are on the page it leads to"
        elsewhere = plain("/301http://other.test/", port, "Willkommen")
        assert elsewhere.wrong == "answers 301, and its page lacks the words 'Willkommen'"
        assert plain("/301/301/301/301/301/301/301/", port, "Willkommen").wrong
        assert 0 < plain("/", port).seconds < 10


def test_a_certificate_is_verified(authority: Authority) -> None:
    with serving(authority.context(NAME, 60)) as port:
        visit = secure(port, authority.text)
        assert (visit.status, visit.days, visit.wrong) == (200, 59, "")
        assert secure(port, "").wrong.startswith("has a certificate that is not trusted: ")
    with serving(authority.context("other.test", 60)) as port:
        assert "not valid for 'localhost'" in secure(port, authority.text).wrong
    with serving(authority.context(NAME, -1)) as port:
        assert "certificate has expired" in secure(port, authority.text).wrong


def test_what_is_no_page(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "SECONDS", 0.3)
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        assert plain("/", port).wrong == "does not answer within 0.3 s"
    assert plain("/", port).wrong == "refuses connections"
    with speaking(lambda link: link.close()) as port:
        assert "cannot be reached" in plain("/", port).wrong or "no page" in plain("/", port).wrong
        assert secure(port, "").wrong
    with speaking(lambda link: link.sendall(b"\x00\xff" * 500 + b"\n")) as port:
        assert plain("/", port).wrong == "answers with something that is no page"
        assert secure(port, "").wrong.startswith("has no TLS that works")


def test_who_drips_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "LONGEST", 0.5)
    ended = threading.Event()

    def drip(link: socket.socket) -> None:
        link.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        try:
            while not ended.wait(0.05):
                link.sendall(b"x")
        except OSError:
            return

    with speaking(drip) as port:
        assert plain("/", port).status == 200
        ended.set()


def test_names_that_lead_nowhere() -> None:
    (visit,) = visit_all([Target("nothing.invalid", "https", "/", "nothing.invalid")], {})
    assert visit.address == ""
    assert visit.wrong in ("has no address in the DNS", "cannot be found: the DNS here says nothing")
