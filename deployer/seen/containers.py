"""The containers of a composition, as Docker tells of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
LASTING = ("always", "unless-stopped")
"""Restart policies with which Docker starts a container again, unless somebody has stopped it."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container: memory in bytes, moments in ISO 8601 (`created` is of its image), `stopped` by hand."""

    composition: str
    service: str
    state: str
    health: str | None
    exit_code: int
    restarts: int
    image: str
    created: str
    started: str
    memory: int | None
    ports: tuple[str, ...]
    stopped: bool

    @property
    def fine(self) -> bool:
        """Whether it runs and is well, or was to run once and did."""
        if self.state == "exited":
            return self.exit_code == 0 and not self.stopped
        return self.state == "running" and self.health in (None, "healthy", "starting")


@dataclass(frozen=True, slots=True)
class Freshness:
    """An image in use; `newer` when its tag is another image in the registry, None when that is not known."""

    composition: str
    image: str
    newer: bool | None
    reason: str = ""

    @property
    def wants_login(self) -> bool:
        """Whether the registry tells nothing to strangers."""
        words = r"denied|unauthorized|authentication|authorization|forbidden|no basic auth"
        return self.newer is None and bool(re.search(words, self.reason, re.IGNORECASE))


def told_there(image: Freshness, lines: Iterable[str]) -> Freshness:
    """What the server's own program, which has the logins, says of an image that wants one."""
    of_image = f"{image.composition}: {image.image}"
    for line in lines:
        said = line.removeprefix("✗ ").removeprefix(of_image)
        if said == " is up to date":
            return replace(image, newer=False, reason="")
        if said.startswith(" has a newer image"):
            return replace(image, newer=True, reason="")
        if said.startswith(": "):
            return replace(image, reason=said[2:])
    return image


def read_container(
    composition: str, inspected: Mapping[str, Any], created: str, memory: int | None
) -> Container:
    """Understand what `docker inspect` says of a container."""
    state, config = inspected["State"], inspected["Config"]
    return Container(
        composition=composition,
        service=config["Labels"].get(SERVICE, inspected["Name"].lstrip("/")),
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status"),
        exit_code=state["ExitCode"],
        restarts=inspected.get("RestartCount", 0),
        image=config["Image"],
        created=created,
        started=state["StartedAt"],
        memory=memory,
        ports=tuple(_ports(inspected["NetworkSettings"].get("Ports") or {})),
        stopped=state["Status"] == "exited" and inspected["HostConfig"]["RestartPolicy"]["Name"] in LASTING,
    )


def _ports(published: Mapping[str, list[Mapping[str, str]] | None]) -> list[str]:
    return [
        f"{where['HostIp']}:{where['HostPort']}→{port}"
        for port, places in sorted(published.items())
        for where in places or ()
    ]


def age_in_days(moment: str, now: datetime) -> int:
    """Whole days between a moment in ISO 8601 and now; none when that is still to come."""
    return max((now - datetime.fromisoformat(moment)).days, 0)
