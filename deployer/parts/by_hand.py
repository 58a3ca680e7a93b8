"""What changes of that which a person has set up beside ours, or is in our way; pure."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deployer.kinds.publication import Publication
from deployer.seen.by_hand import ByHand

if TYPE_CHECKING:
    from deployer.config.model import Config

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def by_hand_notes(config: "Config", by_hand: ByHand, files: Iterable[str]) -> tuple[str, ...]:
    """What of it changes, or is in the way, when the server is as sites.yaml says; `files` are ours."""
    return (
        *_passwords(config, by_hand),
        *_jail(config, by_hand),
        *_ipv4_only(config, by_hand, frozenset(files)),
        *_backups(config, by_hand),
        *_builds(config, by_hand),
    )


def _passwords(config: "Config", by_hand: ByHand) -> Iterator[str]:
    ssh = config.security.ssh
    if ssh and not ssh.passwords and by_hand.passwords:
        for user in sorted(by_hand.passwords):
            yield f"logins by password go off, and {user} has no key: ssh-copy-id first, or no login any more"


def _jail(config: "Config", by_hand: ByHand) -> Iterator[str]:
    if not (fail2ban := config.security.fail2ban):
        return
    file, then = "/etc/fail2ban/jail.local", "and deploy's jails, which are read after it"
    ours = {"bantime": fail2ban.ban, "maxretry": fail2ban.attempts, "findtime": 600}
    known = {"", "127.0.0.0/8", "127.0.0.1/8", "127.0.0.1", "::1", *map(str, fail2ban.ignore)}
    for key, value in by_hand.jail:
        lost = sorted({*re.split(r"[\s,]+", value)} - known) if key == "ignoreip" else []
        if lost:
            yield f"{file} never shuts out {' '.join(lost)}, {then}, do: write security.fail2ban.ignore"
        elif key in ours and seconds(value) != ours[key]:
            yield f"{file} says {key} = {value}, {then}, {ours[key]}"


def seconds(text: str) -> int | None:
    """The number of seconds of fail2ban's `600`, `10m`, `1h`; None of anything else."""
    found = re.fullmatch(r"(-?\d+)\s*([smhdw]?)\w*", text.strip())
    return int(found[1]) * SECONDS[found[2] or "s"] if found else None


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
