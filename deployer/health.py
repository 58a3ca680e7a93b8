"""How a server and its sites are, as the server tells it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

EXPIRY_FORMAT = "%b %d %H:%M:%S %Y GMT"


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """One site: what NGINX answers, days that its certificate lasts, and what is live since when."""

    domain: str
    status: int
    seconds: float
    certificate_days: int | None
    release: str | None
    revision: str | None
    pushed: str | None
    by: str | None

    @property
    def fine(self) -> bool:
        """Whether a visitor gets an answer, over a certificate that lasts."""
        return 200 <= self.status < 400 or self.status == 401


@dataclass(frozen=True, slots=True)
class Health:
    """A server: memory and disk in KiB, load of the last minute, uptime in seconds."""

    memory: tuple[int, int]
    disk: tuple[int, int]
    load: float
    cores: int
    uptime: int
    reboot: bool
    sites: tuple[SiteHealth, ...]


def read_health(answer: str, domains: Iterable[str]) -> Health:
    """Understand what status.sh prints."""
    said: dict[str, dict[str, str]] = {"server": {}, "answer": {}, "release": {}, "pushed": {}}
    for line in answer.splitlines():
        kind, name, value = (*line.split(" ", 2), "", "")[:3]
        said.setdefault(kind, {})[name] = value
    server = said["server"]
    now = int(server["now"])
    load, cores = server["load"].split()
    return Health(
        memory=_pair(server["memory"]),
        disk=_pair(server["disk"]),
        load=float(load),
        cores=int(cores),
        uptime=int(server["uptime"]),
        reboot=server["reboot"] == "yes",
        sites=tuple(_site(domain, said, now) for domain in domains),
    )


def _pair(text: str) -> tuple[int, int]:
    first, second = text.split()
    return int(first), int(second)


def _site(domain: str, said: dict[str, dict[str, str]], now: int) -> SiteHealth:
    status, seconds, expires = (*said["answer"].get(domain, "000 0").split(" ", 2), "")[:3]
    push: dict[str, Any] = json.loads(said["pushed"].get(domain, "{}"))
    return SiteHealth(
        domain=domain,
        status=int(status),
        seconds=float(seconds),
        certificate_days=_days(expires.strip(), now),
        release=said["release"].get(domain),
        revision=push.get("revision"),
        pushed=push.get("time"),
        by=push.get("by"),
    )


def _days(expires: str, now: int) -> int | None:
    if not expires:
        return None
    moment = datetime.strptime(expires, EXPIRY_FORMAT).replace(tzinfo=UTC)
    return int((moment.timestamp() - now) // 86400)
