"""What differs between the releases of Debian and Ubuntu that a server may be; pure.

It is needed as long as a server cannot say it, for its packages come with the first apply; what a server says
counts more. A release that is not here has nothing of it: whoever needs it says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Version = tuple[int, int, int]

BROTLI_MODULE = "libnginx-mod-http-brotli-static"
BROTLI_FILTER = "libnginx-mod-http-brotli-filter"
"""What NGINX needs for what was compressed before, and for what it compresses itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release, as far as it is known.

    `codename` is its name in the sources of packages, `nginx`, `openssl` and `engine`, that of Docker, the
    versions that it has, `php` that of PHP as paths have it,
    `wordpress_theme` the newest theme beside its WordPress. `docker` are its packages that bring Docker with
    Compose v2, none where it has none, `builder` the one with which that builds images by BuildKit,
    `client_within` whether docker.io has the program docker in it; later ones only recommend its package.
    `ends` is the last day of its free security updates. `boots`: a throwaway VPS can be made of it.
    """

    codename: str = ""
    nginx: Version | None = None
    openssl: Version | None = None
    docker: frozenset[str] = frozenset()
    builder: str = ""
    engine: Version | None = None
    php: str = ""
    wordpress_theme: str = ""
    client_within: bool = False
    ends: date | None = None
    boots: bool = False


UNKNOWN = Release()
OLDEST_NGINX = (1, 18, 0)
OLDEST_OPENSSL = (3, 0, 0)
"""What is taken for granted where no version is known."""
RELEASES: Mapping[tuple[str, str], Release] = {
    ("debian", "11"): Release(codename="bullseye", ends=date(2026, 8, 31), php="7.4", client_within=True),
    ("debian", "12"): Release(
        codename="bookworm",
        ends=date(2028, 6, 30),
        php="8.2",
        wordpress_theme="twentytwentythree",
        nginx=(1, 22, 1),
        openssl=(3, 0, 0),
        client_within=True,
        boots=True,
    ),
    ("debian", "13"): Release(
        codename="trixie",
        ends=date(2030, 6, 30),
        php="8.4",
        wordpress_theme="twentytwentyfive",
        nginx=(1, 26, 3),
        openssl=(3, 5, 0),
        docker=frozenset({"docker.io", "docker-cli", "docker-compose"}),
        builder="docker-buildx",
        engine=(26, 1, 5),
        boots=True,
    ),
    ("ubuntu", "22.04"): Release(codename="jammy", ends=date(2027, 6, 1), php="8.1", client_within=True),
    ("ubuntu", "24.04"): Release(
        codename="noble",
        ends=date(2029, 5, 31),
        php="8.3",
        nginx=(1, 24, 0),
        openssl=(3, 0, 0),
        docker=frozenset({"docker.io", "docker-compose-v2"}),
        builder="docker-buildx",
        client_within=True,
    ),
    ("ubuntu", "25.10"): Release(codename="questing", ends=date(2026, 7, 9), php="8.4", nginx=(1, 28, 0)),
    ("ubuntu", "26.04"): Release(
        codename="resolute",
        ends=date(2031, 5, 29),
        php="8.5",
        nginx=(1, 28, 0),
        openssl=(3, 5, 0),
        docker=frozenset({"docker.io", "docker-compose-v2"}),
        builder="docker-buildx",
    ),
}
OPENSSL = ("libssl3t64", "libssl3")
"""Packages of OpenSSL 3, which one or the other release has."""
USUAL = ("debian", "13")
"""What a server is taken for that has not been looked at yet."""
CODENAMES = frozenset({release.codename for release in RELEASES.values()}) | {
    *("buster", "forky", "duke", "sid"),
    *("focal", "plucky"),
}
"""Releases of Debian and Ubuntu: another word in the sources is that of somebody else's repository."""


def release_of(os: str, release: str) -> Release:
    """What is known of a release, by what /etc/os-release says: nothing of one that is not listed."""
    return RELEASES.get((os, release), UNKNOWN)


def named(os: str, release: str) -> str:
    """Its name as a word, such as debian-13."""
    return f"{os}-{release}"


KNOWN = {named(*name): release for name, release in RELEASES.items() if release.nginx and release.openssl}
"""Those of which all is known that decides what files say, by their names as words."""
BOOTABLE = {named(*name): release.codename for name, release in RELEASES.items() if release.boots}
"""The codenames of those that a throwaway VPS can be, by their names as words."""
