"""What the server has to know of the Git servers that it fetches from; pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deployer.desired.shared import system
from deployer.files import File
from deployer.kinds.publication import Publication

if TYPE_CHECKING:
    from deployer.config.model import Config

HERE = ("localhost", "127.0.0.1", "::1")


def repository_files(config: "Config") -> dict[str, File]:
    """The host keys of Git servers, for the push script."""
    hosts = config.git_hosts
    return {"/etc/deploy/git_hosts": system("git_hosts", hosts=hosts)} if hosts else {}


def repository_remarks(config: "Config") -> Iterator[tuple[str, str]]:
    """The sites that come over a line that proves nothing of who is at its other end, and what that means."""
    for domain, site in config.sites.items():
        url = urlsplit(site.repository if isinstance(site, Publication) and not site.is_local else "")
        if url.scheme == "http" and url.hostname not in HERE:
            what = "is fetched over http://: whoever is on the way can change what is published"
            yield domain, f"{domain} {what}"
