"""The golden servers: one configuration, and two Debian releases that get it."""

from pathlib import Path

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.desired import Desired, desired_files
from deployer.desired.facts import BROTLI_MODULE, Certificate, Facts

FOLDER = Path(__file__).parent
RELEASES = ("debian-12", "debian-13")
OPENSSL = {"debian-12": (3, 0, 20), "debian-13": (3, 5, 4)}
COVERED = (
    ("rogs.me", "www.rogs.me"),
    ("docs.example.org",),
    ("files.example.org", "www.files.example.org"),
    ("old.example.org", "www.old.example.org"),
)


def config() -> Config:
    """The configuration of both."""
    return load(FOLDER / "sites.yaml")


def facts(release: str) -> Facts:
    """A server of this release, with certificates; on Debian 12 it has no IPv6."""
    return Facts(
        os="debian",
        release=release.removeprefix("debian-"),
        openssl=OPENSSL[release],
        ipv6=release == "debian-13",
        packages=frozenset({BROTLI_MODULE}),
        certificates={names[0]: Certificate(frozenset(names), 0, "CN=Example") for names in COVERED},
    )


def golden(release: str) -> Desired:
    """All that the server of this release shall have."""
    return desired_files(config(), facts(release))
