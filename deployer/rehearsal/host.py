"""What a machine takes over from this one to reach the world: the DNS resolver and pip's settings."""

import configparser
import os
from pathlib import Path

RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PIP_FILES = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
PIP_INDEXES = ("index-url", "extra-index-url", "trusted-host", "proxy")


def resolver() -> str:
    """A resolv.conf that works inside too: a resolver on this machine's loopback is not reachable there."""
    found = [file.read_text() for file in RESOLVERS if file.is_file()]
    reachable = [text for text in found if "nameserver" in text and "nameserver 127." not in text]
    return [*reachable, *found, ""][0]


def pip() -> str:
    """A pip.conf with this machine's package indexes, except those that are folders here."""
    settings = configparser.RawConfigParser()
    settings.read([os.path.expanduser(file) for file in PIP_FILES])
    lines = ["[global]", f"cert = {CERTIFICATES}"]
    for option in PIP_INDEXES:
        configured = settings.get("global", option, fallback="")
        value = os.environ.get(f"PIP_{option.upper().replace('-', '_')}", configured)
        words = [word for word in value.split() if not word.startswith(("file:", "/"))]
        lines += [f"{option} = {' '.join(words)}"] if words else []
    return "\n".join(lines) + "\n"
