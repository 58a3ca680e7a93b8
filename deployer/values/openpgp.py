"""OpenPGP keys as bytes: the packets in a file, armored or binary, and the fingerprints of its keys."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

ARMOR = re.compile(
    rb"-----BEGIN PGP ([A-Z ]+)-----[^\n]*\n(?:[^\n]+\n)*[ \t\r]*\n(.*?)\n-----END PGP", re.DOTALL
)
PUBLIC_KEY = 6
"""The tag of a packet that is a public key itself; those of its subkeys have 14 (RFC 4880, 4.3)."""


def packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each OpenPGP packet, as far as they can be read."""
    blocks = [unarmored(text) for _, text in ARMOR.findall(content.replace(b"\r\n", b"\n"))]
    for data in blocks or [content]:
        yield from binary_packets(data)


def fingerprints(content: bytes) -> list[str]:
    """The fingerprint of each public key of version 4, in hexadecimal as GPG shows it (RFC 4880, 12.2)."""
    return [
        hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()
        for tag, body in packets(content)
        if tag == PUBLIC_KEY and body[:1] == b"\x04" and len(body) < 65536
    ]


def unarmored(text: bytes) -> bytes:
    """The bytes of an armored block, without its checksum; nothing when it is damaged."""
    lines = [line for line in text.split(b"\n") if not line.startswith(b"=")]
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        return b""


def binary_packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet, until one that is cut or of no known length."""
    while len(data) > 1 and data[0] & 0x80:
        tag, start, length = header(data)
        if length is None or start + length > len(data):
            return
        yield tag, data[start : start + length]
        data = data[start + length :]


def header(data: bytes) -> tuple[int, int, int | None]:
    """A packet's tag, where its body starts, and how long that is (RFC 4880, 4.2)."""
    first = data[0]
    if not first & 0x40:
        size = first & 3
        bytes_of_length = 1 << size
        length = int.from_bytes(data[1 : 1 + bytes_of_length], "big") if size < 3 else None
        return first >> 2 & 15, 1 + bytes_of_length, length
    tag, octet = first & 63, data[1]
    if octet < 192:
        return tag, 2, octet
    if octet < 224 and len(data) > 2:
        return tag, 3, (octet - 192 << 8) + data[2] + 192
    return (tag, 6, int.from_bytes(data[2:6], "big")) if octet == 255 else (tag, 2, None)
