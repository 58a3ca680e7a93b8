"""Tells others how it went: ntfy, Uptime Kuma, healthchecks.io and the like. Their addresses are secrets."""

import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Literal

from deployer.config.home import Notify

Event = Literal["start", "success", "failure"]
SECONDS = 10
LONGEST = 4000  # bytes: what an ntfy message may have; the others take more


def tell(notify: Notify, event: Event, text: str) -> list[str]:
    """Tell everyone who is named; what did not work comes back as warnings, which never show an address."""
    told = []
    for name, request in (("ntfy", ntfy), ("uptime_kuma", uptime_kuma), ("healthchecks", healthchecks)):
        written = getattr(notify, name)
        if written and (warning := attempt(written, partial(request, event=event, text=text))):
            told.append(f"{name} could not be told: {warning}")
    return told


def attempt(written: str, request: Callable[[str], urllib.request.Request | None]) -> str:
    """Send one request; what went wrong, or nothing."""
    address = os.environ.get(written.removeprefix("env:"), "") if written.startswith("env:") else written
    if not address:
        return f"{written.removeprefix('env:')} is not set in the environment"
    try:
        if made := request(address):
            with urllib.request.urlopen(made, timeout=SECONDS) as answer:
                answer.read(1000)
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except TimeoutError:
        return "it does not answer in time"
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        return f"{getattr(reason, 'strerror', None) or type(reason).__name__}"
    return ""


def ntfy(address: str, event: Event, text: str) -> urllib.request.Request | None:
    """A message to a topic, only of failures."""
    if event != "failure":
        return None
    headers = {"Title": "Backups", "Priority": "high", "Tags": "warning"}
    return urllib.request.Request(address, limited(text), headers, method="POST")


def uptime_kuma(address: str, event: Event, text: str) -> urllib.request.Request | None:
    """Up or down; the query that Uptime Kuma shows with a push address is replaced."""
    if event == "start":
        return None
    status = {"status": "up" if event == "success" else "down", "msg": text.partition("\n")[0][:200]}
    return urllib.request.Request(f"{address.partition('?')[0]}?{urllib.parse.urlencode(status)}")


def healthchecks(address: str, event: Event, text: str) -> urllib.request.Request:
    """A ping, with what happened as its body."""
    end = {"start": "/start", "success": "", "failure": "/fail"}[event]
    return urllib.request.Request(address.rstrip("/") + end, limited(text), method="POST")


def limited(text: str) -> bytes:
    """The text as UTF-8, cut where it is too long."""
    return text.encode()[:LONGEST].decode(errors="ignore").encode()
