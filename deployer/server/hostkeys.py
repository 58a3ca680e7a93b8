"""Which host key a server must show: the pinned one, or the one in known_hosts. Never trust on first use."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from deployer.errors import UnreachableError

KNOWN_HOSTS = Path("~/.ssh/known_hosts")


def entry_name(host: str, port: int) -> str:
    """The name under which OpenSSH files a host's key."""
    return host if port == 22 else f"[{host}]:{port}"


def trust_only(
    client: paramiko.SSHClient, host: str, port: int, pinned: str | None, known_hosts: str = ""
) -> None:
    """Make the client refuse every host key but the pinned one, or without one those in known_hosts.

    `known_hosts` has lines that count instead of those in the user's own file.
    """
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if pinned:
        kind, encoded = pinned.split()[:2]
        key = paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))
        client.get_host_keys().add(entry_name(host, port), kind, key)
    else:
        known = read_into(client.get_host_keys(), known_hosts or own_known_hosts())
        without_port(known, host, port)


def own_known_hosts() -> str:
    """The lines of the user's own file."""
    try:
        return KNOWN_HOSTS.expanduser().read_text(errors="replace")
    except OSError:
        return ""


def read_into(known: paramiko.HostKeys, lines: str) -> paramiko.HostKeys:
    """Add the keys of lines as OpenSSH writes them; one that cannot be understood is passed over."""
    for line in lines.splitlines():
        with suppress(InvalidHostKey, paramiko.SSHException, ValueError):
            entry = HostKeyEntry.from_line(line.strip()) if line.strip()[:1] not in ("", "#") else None
            if entry:
                for name in entry.hostnames:
                    known.add(name, entry.key.get_name(), entry.key)
    return known


def without_port(known: paramiko.HostKeys, host: str, port: int) -> None:
    """As OpenSSH does, trust the key of a line without a port on another port, where no line has that."""
    if port == 22 or known.lookup(entry_name(host, port)):
        return
    for kind, key in (known.lookup(host) or {}).items():
        known.add(entry_name(host, port), kind, key)


def line_of(host: str, port: int, pinned: str | None) -> str:
    """The line of known_hosts for this server, empty when its key is not known here."""
    if pinned:
        return f"{entry_name(host, port)} {pinned}"
    known = read_into(paramiko.HostKeys(), own_known_hosts())
    found: Mapping[str, paramiko.PKey] = known.lookup(entry_name(host, port)) or known.lookup(host) or {}
    return "\n".join(f"{entry_name(host, port)} {kind} {key.get_base64()}" for kind, key in found.items())


def unknown_key(host: str, port: int, jump: bool = False) -> UnreachableError:
    """Nothing says yet which key this server must show; `jump`: it is one on the way."""
    scan = f"ssh-keyscan -t ed25519 {'' if port == 22 else f'-p {port} '}{host}"
    pin = "" if jump else "pin it in sites.yaml as server.host_key, or "
    return UnreachableError(
        f"the host key of {host} is not known, so nothing was sent to it",
        f"Look up the key there (cat /etc/ssh/ssh_host_ed25519_key.pub) and {pin}"
        f"compare it with `{scan}` and add that line to ~/.ssh/known_hosts.",
    )


def changed_key(host: str, shown: paramiko.PKey, jump: bool = False) -> UnreachableError:
    """The server shows another key than it must; `jump`: it is one on the way."""
    pin = "" if jump else "put it into sites.yaml as server.host_key, or "
    return UnreachableError(
        f"{host} shows another host key than expected: {shown.get_name()} {shown.fingerprint}. "
        "Either the server was set up anew, or somebody is in between; nothing was sent to it",
        "If you did set it up anew, look up its key there (cat /etc/ssh/ssh_host_ed25519_key.pub) "
        f"and {pin}replace the line in ~/.ssh/known_hosts.",
    )
