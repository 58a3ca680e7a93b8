"""The first meeting with a server: which host key it shows, before anything is sent to it."""

from contextlib import ExitStack
from dataclasses import dataclass

from deployer.server.hostcertificate import read_certificate
from deployer.server.hostkeys import named, trust
from deployer.server.login import jumped, meet
from deployer.server.way import way_to


@dataclass(frozen=True, slots=True)
class Introduction:
    """The host key that a server shows, and whether this machine knows it already."""

    key: str
    known: bool

    @property
    def name(self) -> str:
        """The key as people compare it: its type and its fingerprint."""
        return named(self.key)


def introduce(host: str, port: int, user: str) -> Introduction:
    """Ask a server for its host key; raises UnreachableError where it is revoked or another one is known."""
    way = way_to(host, port, user)
    trusted = trust(way, None)
    with ExitStack() as opened:
        kind, encoded = meet(opened, way, jumped(opened, way), trusted).shown()
    certificate = read_certificate(kind, encoded)
    key = certificate.key if certificate else f"{kind} {encoded}"
    return Introduction(key, trusted.knows(kind, encoded))
