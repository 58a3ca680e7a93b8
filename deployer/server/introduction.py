"""The first meeting with a server: which host key it shows, before anything is sent to it."""

import base64
from contextlib import ExitStack
from dataclasses import dataclass

import paramiko

from deployer.errors import UnreachableError
from deployer.server.hostcertificate import read_certificate
from deployer.server.hostkeys import Trust, named, trust
from deployer.server.login import CONNECT_SECONDS, _described, _jumps, _open, _trust


@dataclass(frozen=True, slots=True)
class Introduction:
    """The host key that a server shows, and whether this machine knows it already."""

    key: str
    known: bool

    @property
    def name(self) -> str:
        """The key as people compare it: its type and its fingerprint."""
        return named(self.key)


class _Shown(Exception):
    """Ends a login as soon as there is a key to look at."""

    def __init__(self, key: str) -> None:
        self.key = key


class _Looking(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        blob = getattr(key, "public_blob", None)
        kind, encoded = (blob.key_type, blob.key_blob) if blob else (key.get_name(), key.asbytes())
        text = base64.b64encode(encoded).decode()
        certificate = read_certificate(kind, text)
        raise _Shown(certificate.key if certificate else f"{kind} {text}")


def introduce(host: str, port: int, user: str) -> Introduction:
    """Ask a server for its host key; raises UnreachableError, also where another one is known."""
    connection = _described(host, port, user, None)
    trusted = trust(connection.host, connection.port, None)
    try:
        with ExitStack() as jumps:
            for jump in reversed(_jumps(connection)):
                jumps.callback(jump.close)
                _trust(jump, trust(jump.host, jump.port, None, jump=True))
                jump.connect_timeout = CONNECT_SECONDS
                _open(jump, None)
            _trust(connection, trusted)
            connection.client.set_missing_host_key_policy(_Looking())
            _open(connection, None)
    except _Shown as shown:
        return Introduction(shown.key, _is_known(trusted, shown.key))
    finally:
        connection.close()
    raise UnreachableError(f"{host} shows no host key")


def _is_known(trusted: Trust, key: str) -> bool:
    """Whether a line of known_hosts vouches for it; raises UnreachableError where one has another key."""
    if trusted.known.keys(trusted.names, "authority"):
        return True  # the login judges the certificate
    if not trusted.known.keys(trusted.names):
        return False
    trusted.judge(*key.split())
    return True
