"""DNS: what has to be known of a server whose names shall lead to it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def questions(config: "Config") -> Iterator[Question]:
    """Its own addresses, where sites.yaml does not say them."""
    if config.dns and not config.dns.address:
        yield Question("look", "dns")


def share(config: "Config", facts: "Facts") -> Share:
    """Records are kept elsewhere: nothing of it stands on the server."""
    return Share()
