"""How a site is, as the server tells it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DAY = 86400
EXPIRY_FORMAT = "%b %d %H:%M:%S %Y GMT"
RESTING = ("stopped", "unwell", "waits")
"""What tells already why the program of a site does not listen."""
Said = Mapping[str, Mapping[str, str]]
"""What status.sh tells, by the first word of a line and by the name behind it."""


def answers_well(status: int) -> bool:
    """Whether an answer is a page, a redirect or the question who asks: `answers_well` on the server."""
    return 200 <= status < 400 or status == 401


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """One site: what NGINX answers, days that its certificate lasts, and what is live since when.

    `problems` is what visitors of it and of its aliases meet besides.
    """

    domain: str
    status: int
    seconds: float
    certificate_days: int | None
    release: str | None
    revision: str | None
    pushed: str | None
    by: str | None
    problems: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether visitors get what they come for, under each of its names."""
        return answers_well(self.status) and not self.problems


def read_site(domain: str, aliases: Iterable[str], said: Said, now: int) -> SiteHealth:
    """One site, from what status.sh tells."""
    status, seconds, expires = (*said["answer"].get(domain, "000 0").split(" ", 2), "")[:3]
    push = log_line(said["pushed"].get(domain, ""))
    return SiteHealth(
        domain=domain,
        status=int(status),
        seconds=float(seconds),
        certificate_days=_days(expires.strip(), now),
        release=said["release"].get(domain),
        revision=push.get("revision") or None,
        pushed=push.get("time"),
        by=push.get("by") or None,
        problems=tuple(_problems(domain, aliases, said)),
    )


def log_line(text: str) -> dict[str, Any]:
    """What a line of a log says; nothing where it is none, or was cut off."""
    with suppress(ValueError, TypeError):
        if "time" in (said := json.loads(text)):
            return dict(said)
    return {}


def _problems(domain: str, aliases: Iterable[str], said: Said) -> Iterator[str]:
    if why := said["distrust"].get(domain):
        yield why
    if (port := said["deaf"].get(domain)) and not any(domain in said[why] for why in RESTING):
        yield f"nothing listens on 127.0.0.1:{port}, where NGINX leads its visitors"
    for alias in aliases:
        status = int(said["answer"].get(alias, "000").split()[0])
        if why := said["distrust"].get(alias):
            yield f"{alias}: {why}"
        elif not answers_well(status):
            yield f"{alias} answers {status}" if status else f"{alias} does not answer"


def _days(expires: str, now: int) -> int | None:
    if not expires:
        return None
    moment = datetime.strptime(expires, EXPIRY_FORMAT).replace(tzinfo=UTC)
    return int((moment.timestamp() - now) // DAY)
