"""What a sites.yaml still has as `deploy init` wrote it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config

HOST = "vps.example.org"
EMAIL = "you@example.org"
REPOSITORY = "https://git.example.org/you/site.git"


def placeholders(config: "Config") -> list[str]:
    """The keys that are still those of starter.yaml, as `server.host`."""
    return list(_found(config))


def _found(config: "Config") -> Iterator[str]:
    if config.server and config.server.host == HOST:
        yield "server.host"
    if config.email == EMAIL:
        yield "email"
    for domain, site in config.sites.items():
        if getattr(site, "repository", "") == REPOSITORY:
            yield f"sites.{domain}.repository"
