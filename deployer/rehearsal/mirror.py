"""Where Debian packages come from: the mirrors that this machine's own apt uses."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from deployer.seen.releases import BOOTABLE

APT = Path("/etc/apt")


def sources(release: str, apt: Path = APT) -> tuple[str, ...]:
    """The lines of a sources.list for a Debian release.

    Empty when this machine has no Debian mirror (Ubuntu has none): mmdebstrap then knows a default.
    """
    suite = BOOTABLE[release]
    locations = list(dict.fromkeys(uri.rstrip("/") for uri in _uris(apt)))
    main = [uri for uri in locations if urlsplit(uri).path.endswith("/debian")]
    security = [uri for uri in locations if urlsplit(uri).path.endswith("/debian-security")]
    if not main:
        return ()
    suites = [(main[0], suite), (main[0], f"{suite}-updates")]
    suites += [(uri, f"{suite}-security") for uri in security[:1]]
    return tuple(f"deb {uri} {name} main" for uri, name in suites)


def _uris(apt: Path) -> Iterable[str]:
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if not file.is_file() or file.suffix not in {".list", ".sources"}:
            continue
        for line in file.read_text(errors="replace").splitlines():
            words = line.split()
            if words and words[0] in {"deb", "URIs:"}:
                yield from (word for word in words[1:] if "://" in word)
