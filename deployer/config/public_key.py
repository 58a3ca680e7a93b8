"""A public GPG key for backups: the file beside sites.yaml must not have the private half in it."""

import base64
import binascii
import re
from collections.abc import Iterator

from deployer.config.quantities import shown

ARMOR = re.compile(
    rb"-----BEGIN PGP ([A-Z ]+)-----[^\n]*\n(?:[^\n]+\n)*[ \t\r]*\n(.*?)\n-----END PGP", re.DOTALL
)
PUBLIC, PRIVATE = {6}, {5, 7}  # tags of OpenPGP packets: the key itself; a private key or subkey


def checked(content: bytes, name: str) -> bytes:
    """The content of a file with a public key, armored or binary; raises ValueError for anything else."""
    tags = set(packet_tags(content))
    if b"PRIVATE KEY BLOCK" in content or tags & PRIVATE:
        raise ValueError(
            f"{shown(name)} has a PRIVATE key in it, which must never be on the server: "
            "gpg --armor --export KEY writes the public half"
        )
    if not tags & PUBLIC:
        raise ValueError(f"{shown(name)} has no public GPG key in it: gpg --armor --export KEY writes one")
    return content


def packet_tags(content: bytes) -> Iterator[int]:
    """The tags of the OpenPGP packets, as far as they can be read."""
    blocks = [unarmored(text) for _, text in ARMOR.findall(content.replace(b"\r\n", b"\n"))]
    for data in blocks or [content]:
        yield from tags(data)


def unarmored(text: bytes) -> bytes:
    """The bytes of an armored block, without its checksum; nothing when it is damaged."""
    lines = [line for line in text.split(b"\n") if not line.startswith(b"=")]
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        return b""


def tags(data: bytes) -> Iterator[int]:
    """The tag of each packet, until one that is cut or of no known length."""
    while len(data) > 1 and data[0] & 0x80:
        tag, start, length = header(data)
        if length is None or start + length > len(data):
            return
        yield tag
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
