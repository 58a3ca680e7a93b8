"""Monitors as values: what shall be watched, what somebody watches already, whose that is; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from deployer.parts.backups import backed_up
from deployer.planning.plan import Change
from deployer.planning.records import MARK

if TYPE_CHECKING:
    from deployer.config.model import Config

SITES, SERVICES, BACKUPS, UPDATES, WATCH = "sites", "services", "backups", "updates", "watch"
ROUND = 300
"""So often does a watch make its rounds, where this file does not say."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """What shall be watched: a page at `url`, or, without one, something that deploy watch tells of.

    `words` must stand on the page. `owner` is the site or service whose it is.
    """

    group: str
    name: str
    url: str = ""
    words: str = ""
    owner: str | None = None

    @property
    def key(self) -> str:
        """What tells it from all others of a server."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class SeenMonitor:
    """A monitor as its keeper has it, by its number there, and whose it is; `key` is empty where not ours."""

    identifier: int
    settings: Mapping[str, Any]
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class MonitorChange:
    """What changes at `keeper`, which is `gatus` or `uptime_kuma`: told as a file is.

    `seen` is the monitor that is there, `settings` what it shall have; none: it goes.
    """

    keeper: str
    change: Change
    seen: SeenMonitor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def monitors(config: "Config") -> Iterator[Monitor]:
    """All that shall be watched, in the order in which a person looks for it."""
    watch, monitoring = config.watch, config.monitoring
    assert monitoring
    words = {**(watch.words if watch else {}), **monitoring.words}
    ignored = {*(watch.ignore if watch else ()), *monitoring.ignore}
    for domain, site in sorted(config.sites.items()):
        if domain not in ignored:
            scheme = "https" if site.https else "http"
            url = f"{scheme}://{domain}{site.probe(domain)}"
            yield Monitor(SITES, domain, url, words.get(domain, ""), domain)
    if monitoring.heartbeats:
        yield from _heartbeats(config)


def _heartbeats(config: "Config") -> Iterator[Monitor]:
    for name in sorted(config.services):
        yield Monitor(SERVICES, name, owner=name)
    for name in backed_up(config):
        yield Monitor(BACKUPS, name, owner=name if config.entry(name) else None)
    if config.updates:
        yield Monitor(UPDATES, UPDATES)
    if config.watch:
        yield Monitor(WATCH, WATCH)


def silence(config: "Config") -> int:
    """After so many seconds without a word of a watch, something is wrong: three rounds."""
    return max(900, 3 * (config.watch.every if config.watch else ROUND))


def server_of(config: "Config") -> str:
    """Which server's the monitors are."""
    return config.server.host if config.server else "-"


def mark(key: str, server: str, digest: str) -> str:
    """The words that tell whose a monitor is, and what it was when we wrote it."""
    return f"deploy: {key} on {server[:60]}, {digest}"


def read_mark(words: str, server: str) -> tuple[str, str]:
    """The key and the digest in such words; both empty where they are not ours, or another server's."""
    found = MARK.fullmatch(words)
    return (found[1], found[3]) if found and found[2] == server[:60] else ("", "")


def digest_of(text: str) -> str:
    """What a mark has of what was written."""
    return sha256(text.encode()).hexdigest()[:8]
