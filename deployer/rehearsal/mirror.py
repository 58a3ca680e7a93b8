"""Where Debian packages come from: the mirrors that this machine's own apt uses."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

SUITES = {"debian-12": "bookworm", "debian-13": "trixie"}
APT = Path("/etc/apt")


def sources(release: str, apt: Path = APT) -> tuple[str, ...]:
    """The lines of a sources.list for a Debian release.

    Empty when this machine has no Debian mirror (Ubuntu has none): mmdebstrap then knows a default.
    """
    suite = SUITES[release]
    locations = list(dict.fromkeys(uri.rstrip("/") for uri in _uris(apt)))
    main = [uri for uri in locations if urlsplit(uri).path.endswith("/debian")]
    security = [uri for uri in locations if urlsplit(uri).path.endswith("/debian-security")]
    lines = [line for uri in main[:1] for line in (f"deb {uri} {suite} main", f"deb {uri} {suite}-updates main")]
    return tuple(lines + [f"deb {uri} {suite}-security main" for uri in security[:1] if lines])


def _uris(apt: Path) -> Iterable[str]:
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if not file.is_file() or file.suffix not in {".list", ".sources"}:
            continue
        for line in file.read_text(errors="replace").splitlines():
            words = line.split()
            if words and words[0] in {"deb", "URIs:"}:
                yield from (word for word in words[1:] if "://" in word)
