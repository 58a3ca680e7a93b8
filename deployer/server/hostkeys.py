"""Which host key a server must show: the pinned one, or the one in known_hosts. Never trust on first use."""

import base64
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deployer.errors import UnreachableError
from deployer.server.hostcertificate import SUFFIX, read_certificate
from deployer.server.knownhosts import KnownHost, KnownHosts, read_known_hosts
from deployer.server.way import Way, way_to

KINDS = (
    *("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256"),
)
LOOK = "cat /etc/ssh/ssh_host_ed25519_key.pub"


def entry_name(host: str, port: int) -> str:
    """The name under which OpenSSH files a host's key."""
    return host if port == 22 else f"[{host}]:{port}"


@dataclass(frozen=True, slots=True)
class Trust:
    """Which keys this host may show; `jump`: it is one on the way."""

    host: str
    names: tuple[str, ...]
    known: KnownHosts
    jump: bool = False

    def kinds(self) -> tuple[str, ...]:
        """The types of keys to ask it for before all others: those that can be checked."""
        keys = (algorithm for key in self.known.keys(self.names) for algorithm in _algorithms(key.split()[0]))
        signed = self.known.keys(self.names, "authority")
        return (*(f"{each}{SUFFIX}" for each in KINDS if signed), *keys)

    def counting(self, role: str = "own") -> list[str]:
        """The keys in this role that nobody has revoked."""
        return [key for key in self.known.keys(self.names, role) if not self.known.revokes(self.names, key)]

    def judge(self, kind: str, encoded: str) -> None:
        """Raise UnreachableError unless it may show this."""
        if not self.knows(kind, encoded):
            raise unknown_key(self)

    def knows(self, kind: str, encoded: str) -> bool:
        """Whether it may show this; False where nothing says so, or otherwise.

        Raises UnreachableError where it is revoked, another key is known, or a certificate does not count.
        """
        certificate = read_certificate(kind, encoded)
        key = certificate.key if certificate else f"{kind} {encoded}"
        revoked = [key, *([certificate.authority] if certificate else [])]
        if any(self.known.revokes(self.names, each) for each in revoked):
            raise revoked_key(self.host, key)
        if certificate and certificate.authority in self.known.keys(self.names, "authority"):
            if fault := certificate.fault(self.names[-1], time.time()):
                raise bad_certificate(self.host, fault)
            return True
        known = self.known.keys(self.names)
        if known and key not in known:
            raise changed_key(self.host, key, self.jump)
        return bool(known)


def trust(way: Way, pinned: str | None, lines: str = "", jump: bool = False) -> Trust:
    """Trust the pinned key and no other, or without one those in known_hosts.

    `lines` count instead of those in the files that SSH reads. As with OpenSSH, the key of a line
    without a port counts on another port, where no line has that.
    """
    names = (way.alias,) if way.alias else tuple(dict.fromkeys((entry_name(way.host, way.port), way.host)))
    known = read_known_hosts(lines or "".join(map(_text, way.known_hosts)))
    if pinned:
        revoked = tuple(line for line in known.lines if line.role == "revoked")
        known = KnownHosts((KnownHost(names[0], " ".join(pinned.split()[:2])), *revoked))
    return Trust(way.host, names, known, jump)


def _text(name: str) -> str:
    try:
        return Path(name).expanduser().read_text(errors="replace") + "\n"
    except OSError:
        return ""


def line_of(host: str, port: int, pinned: str | None) -> str:
    """The lines of known_hosts for this server, empty when no key of it is known here that still counts.

    They are for others, and have its address: what ~/.ssh/config calls it is known here alone.
    """
    way = way_to(host, port)
    trusted = trust(way, pinned)
    keys = [f"{entry_name(way.host, port)} {key}" for key in trusted.counting()]
    signed = [f"@cert-authority {way.host} {key}" for key in trusted.counting("authority")]
    return "\n".join([*keys, *signed])


def unknown_key(trusted: Trust) -> UnreachableError:
    """Nothing says yet which key this server must show."""
    host, name = trusted.host, trusted.names[0]
    port = name.rpartition("]:")[2] if name.startswith("[") else ""
    scan = f"ssh-keyscan -t ed25519 {f'-p {port} ' if port else ''}{host}"
    pin = "" if trusted.jump else "pin it in sites.yaml as server.host_key, or "
    spoilt = trusted.known.spoilt(trusted.names)
    why = ". The line of known_hosts that is about it is damaged" if spoilt else ""
    return UnreachableError(
        f"the host key of {host} is not known, so nothing was sent to it{why}",
        f"Look up the key there ({LOOK}) and {pin}"
        f"compare it with `{scan}` and {'put' if spoilt else 'add'} that line to ~/.ssh/known_hosts.",
    )


def changed_key(host: str, shown: str, jump: bool = False) -> UnreachableError:
    """The server shows another key than it must; `jump`: it is one on the way."""
    pin = "" if jump else "put it into sites.yaml as server.host_key, or "
    return UnreachableError(
        f"{host} shows another host key than expected: {named(shown)}. "
        "Either the server was set up anew, or somebody is in between; nothing was sent to it",
        f"If you did set it up anew, look up its key there ({LOOK}) "
        f"and {pin}replace the line in ~/.ssh/known_hosts.",
    )


def revoked_key(host: str, shown: str) -> UnreachableError:
    """The server shows a key that somebody has called lost."""
    return UnreachableError(
        f"{host} shows a host key that is revoked (@revoked in known_hosts): {named(shown)}. "
        "Whoever has it may be somebody else; nothing was sent to it",
        "Give the server a new key: there, ssh-keygen -A makes those that are missing.",
    )


def bad_certificate(host: str, fault: str) -> UnreachableError:
    """The server shows a certificate that does not count, though its authority is trusted."""
    return UnreachableError(
        f"the host certificate of {host} does not count: {fault}; nothing was sent to it",
        "Sign its key anew: ssh-keygen -s CA -h -I NAME -n NAME ssh_host_ed25519_key.pub",
    )


def named(key: str) -> str:
    """A key as people compare it: its type and its fingerprint."""
    kind, encoded = key.split()[:2]
    digest = base64.b64encode(sha256(base64.b64decode(encoded)).digest()).decode()
    return f"{kind} SHA256:{digest.rstrip('=')}"


def _algorithms(kind: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
