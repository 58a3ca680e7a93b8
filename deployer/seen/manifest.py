"""The list of what we wrote on a server, in the format of sha256sum.

`sha256sum --check /var/lib/deploy/manifest` on the server shows what was edited by hand since.
"""

import re
from collections.abc import Mapping

from deployer.files import File

PATH = "/var/lib/deploy/manifest"
_LINE = re.compile(r"([0-9a-f]{64})  (/[^\x00-\x1f\x7f]+)")


def read(content: bytes) -> dict[str, str]:
    """The SHA-256 of each file as we wrote it, by path; damaged lines are none."""
    return {line[2]: line[1] for line in _lines(content) if line}


def damaged(content: bytes) -> int:
    """How many of its lines are not as we write them."""
    return sum(line is None for line in _lines(content))


def _lines(content: bytes) -> list[re.Match[str] | None]:
    # what is no UTF-8 becomes what no path can have
    lines = content.decode(errors="replace").replace("\ufffd", "\0").removesuffix("\n").split("\n")
    return [_LINE.fullmatch(line) for line in lines] if content else []


def write(digests: Mapping[str, str]) -> File:
    """The manifest as a file, sorted by path."""
    lines = (f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
    return File("".join(lines).encode(), mode=0o600)
