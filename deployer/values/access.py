"""How the server is reached: its address, the user, and the key that proves it is the one we know."""

import base64
import binascii
import re

from deployer.values.names import HOST
from deployer.values.quantities import Plain, shown, whole_number

KEY_TYPES = re.compile(r"ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh|ecdsa)-[a-z0-9@.-]+")

LOGIN = "deploy"
"""The user on the server that restricted keys log in as."""


def host(text: str) -> str:
    """A host name or an IP address to connect to."""
    name = len(text) <= 253 and re.fullmatch(HOST, text, re.ASCII) and ".." not in text
    if not name and not is_ipv6(text):
        raise ValueError(f"{shown(text)} is not a host name or an IP address")
    return text


def git_host(text: str) -> str:
    """A Git server, with its port when that is not 22, as known_hosts files it."""
    found = re.fullmatch(r"\[(.+)\](?::([0-9]+))?", text) or re.fullmatch(r"([^:]+):([0-9]+)", text)
    try:
        name = host(found[1] if found else text)
        port = whole_number(1, 65535)(Plain(found[2])) if found and found[2] else 22
    except ValueError as error:
        raise ValueError(
            f"{shown(text)} is not a Git server: only its name or address, and a port that is not 22, such "
            "as git.example.org:2222"
        ) from error
    return name if port == 22 else f"[{name}]:{port}"


def is_ipv6(text: str) -> bool:
    """Whether the text is an IPv6 address without a zone."""
    import ipaddress

    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def user(text: str) -> str:
    """The name of a user on the server."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", text, re.ASCII):
        raise ValueError(f"{shown(text)} is not a user name")
    return text


def host_key(text: str) -> str:
    """A public host key, as `type base64`."""
    return public_key(text, "host key", "ssh-keyscan -t ed25519 HOST prints it")


def login_key(text: str) -> str:
    """The public half of a key to log in with, as `type base64`; its comment is left out."""
    if "PRIVATE KEY" in text:
        raise ValueError(
            "this is a PRIVATE key: keep it to yourself, and write the line of its .pub file here"
        )
    return public_key(text, "public key", "the line of its .pub file")


def public_key(text: str, what: str, source: str) -> str:
    """A public key, as `type base64`: the type inside the base64 is the one that is named before it."""
    kind, _, rest = text.strip().partition(" ")
    encoded = rest.split(" ")[0]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if not KEY_TYPES.fullmatch(kind) or not blob:
        raise ValueError(f"expected a {what} such as 'ssh-ed25519 AAAA…' ({source})")
    if fields(blob)[:1] != [kind.encode()] or (kind == "ssh-ed25519" and len(fields(blob)[-1]) != 32):
        raise ValueError(f"this {kind} {what} is damaged: it was cut or mistyped")
    return f"{kind} {encoded}"


def fields(blob: bytes) -> list[bytes]:
    """The length-prefixed fields of an SSH public key; nothing when the lengths do not add up."""
    found = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length or not length:
            return []
        found.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return found
