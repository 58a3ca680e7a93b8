"""The list of what we wrote on a server, in the format of sha256sum.

`sha256sum --check /var/lib/deploy/manifest` on the server shows what was edited by hand since.
"""

from collections.abc import Mapping

from deployer.files import File

PATH = "/var/lib/deploy/manifest"
_DIGEST_LENGTH = 64


def read(content: bytes) -> dict[str, str]:
    """The SHA-256 of each file as we wrote it, by path."""
    lines = content.decode().splitlines()
    return {line[_DIGEST_LENGTH + 2 :]: line[:_DIGEST_LENGTH] for line in lines}


def write(digests: Mapping[str, str]) -> File:
    """The manifest as a file, sorted by path."""
    lines = (f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
    return File("".join(lines).encode(), mode=0o600)
