"""The golden servers: two configurations, and two Debian releases that get each."""

from functools import cache
from pathlib import Path

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.planning.desired import Desired
from deployer.planning.stages import with_packages
from deployer.seen.facts import BROTLI_FILTER, BROTLI_MODULE, Certificate, Facts

FOLDER = Path(__file__).parent
RELEASES = ("debian-12", "debian-13")
FOLDERS = {"sites": FOLDER, "services": FOLDER / "services", "security": FOLDER / "security"}
OPENSSL = {"debian-12": (3, 0, 20), "debian-13": (3, 5, 4)}
COVERED = (
    ("rogs.me", "www.rogs.me"),
    ("docs.example.org",),
    ("files.example.org", "www.files.example.org"),
    ("old.example.org", "www.old.example.org"),
    ("health.example.org",),
    ("shop.example.org",),
    ("blog.example.org",),
    ("ntfy.example.org", "push.example.org"),
    *(
        (f"{name}.example.org",)
        for name in ("secret", "search", "vpn", "analytics", "forum", "links", "git", "shop", "stack")
    ),
)


@cache
def config(configuration: str = "sites") -> Config:
    """A configuration: of sites that are files, or of services in containers."""
    return load(FOLDERS[configuration] / "sites.yaml")


def facts(release: str) -> Facts:
    """A server of this release, with certificates; on Debian 12 it has no IPv6."""
    return Facts(
        os="debian",
        release=release.removeprefix("debian-"),
        ipv6=release == "debian-13",
        packages=frozenset({BROTLI_FILTER, BROTLI_MODULE}),
        certificates={names[0]: Certificate(frozenset(names), 0, "CN=Example") for names in COVERED},
    ).having(openssl=OPENSSL[release])


@cache
def golden(release: str, configuration: str = "sites") -> Desired:
    """All that the server of this release shall have."""
    known = facts(release)
    return with_packages(config(configuration), known)
