"""What changes of that which a person has set up beside ours, or is in our way; pure."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deployer.kinds.publication import Publication
from deployer.seen.by_hand import ByHand

if TYPE_CHECKING:
    from deployer.config.model import Config


def by_hand_notes(config: "Config", by_hand: ByHand, files: Iterable[str]) -> tuple[str, ...]:
    """What of it changes, or is in the way, when the server is as sites.yaml says; `files` are ours."""
    return (
        *_passwords(config, by_hand),
        *_ipv4_only(config, by_hand, frozenset(files)),
        *_backups(config, by_hand),
        *_builds(config, by_hand),
    )


def _passwords(config: "Config", by_hand: ByHand) -> Iterator[str]:
    ssh = config.security.ssh
    if ssh and not ssh.passwords and by_hand.passwords:
        for user in sorted(by_hand.passwords):
            yield f"logins by password go off, and {user} has no key: ssh-copy-id first, or no login any more"


def _ipv4_only(config: "Config", by_hand: ByHand, files: frozenset[str]) -> Iterator[str]:
    for path, names in by_hand.ipv4_only:
        if config.sites and path not in files:
            yield (
                f"{names} ({path}) listens on IPv4 alone: its visitors by IPv6, where our sites listen, get "
                "another answer. Write `listen [::]:443 ssl;` and `listen [::]:80;` beside its listen lines"
            )


def _backups(config: "Config", by_hand: ByHand) -> Iterator[str]:
    if config.backups and by_hand.backups:
        files = ", ".join(by_hand.backups)
        yield f"backups of your own go on beside ours, and may stop the same containers: {files}"


def _builds(config: "Config", by_hand: ByHand) -> Iterator[str]:
    for path, domain in by_hand.builds:
        if isinstance(config.sites.get(domain), Publication):
            yield (
                f"a line in {path} writes to /var/www/{domain}, which a push makes a link to what is live:"
                " take it away, or it changes what visitors see, and releases before"
            )
