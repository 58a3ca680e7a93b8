"""What runs in place of the images that cannot be had: as much as its template asks for, and a page with its owner."""

from dataclasses import dataclass, field
from typing import Any


def serving(port: int, path: str, *programs: str) -> str:
    """A script that answers at a port and, as a sign of health, at a path; before, it makes these programs."""
    page = f"mkdir -p /www$(dirname {path}); echo '{{\"healthy\": true}}' >/www{path}; echo $OWNER >/www/index.html"
    return "; ".join([*programs, page, f"exec httpd -f -p {port} -h /www"])


def waiting(*programs: str) -> str:
    """A script that answers nobody; before, it makes these programs."""
    return "; ".join([*programs, "exec tail -f /dev/null"])


def program(path: str, line: str) -> str:
    """The commands that make a program."""
    return f"mkdir -p $(dirname {path}); printf '#!/bin/sh\\n%s\\n' '{line}' >{path}; chmod +x {path}"


@dataclass(frozen=True)
class StandIn:
    """The scripts of its images, its port inside, its keys; whether it may be a site, or go without a domain."""

    images: dict[str, str]
    inside: int = 0
    keys: dict[str, Any] = field(default_factory=dict)
    site: bool = True
    plain: bool = False
    keeps: bool = True


STAND_INS = {
    "ntfy": StandIn({"binwiederhier/ntfy:v2": serving(80, "/v1/health")}, 80),
    "uptime-kuma": StandIn(
        {
            "louislam/uptime-kuma:2": serving(
                3001,
                "/index",
                program("/app/extra/healthcheck", "exec wget -q -O /dev/null http://127.0.0.1:3001/"),
            )
        },
        3001,
    ),
    "searxng": StandIn(
        {
            "searxng/searxng:latest": serving(8080, "/healthz"),
            "valkey/valkey:9-alpine": waiting(program("/bin/valkey-cli", "echo PONG")),
        },
        8080,
    ),
    "umami": StandIn(
        {
            "ghcr.io/umami-software/umami:3": serving(
                3000,
                "/api/heartbeat",
                program("/bin/curl", "exec wget -q -O /dev/null http://127.0.0.1:3000/api/heartbeat"),
            ),
            "postgres:18-alpine": waiting(program("/bin/pg_isready", "true")),
        },
        3000,
    ),
    "wireguard": StandIn(
        {"ghcr.io/wg-easy/wg-easy:15": serving(51821, "/index", program("/bin/wg", "echo interface"))},
        51821,
        {"host": "vpn.example.org"},
        plain=True,
    ),
    "watchtower": StandIn(
        {"nickfedor/watchtower:1": waiting(program("/watchtower", "true"))},
        site=False,
        plain=True,
        keeps=False,
    ),
    "gitea-runner": StandIn(
        {"gitea/runner:4.1.0": waiting("mkdir -p /data && echo registered >/data/.runner")},
        keys={"instance": "https://git.example.org", "token": "env:RUNNER_TOKEN"},
        site=False,
        plain=True,
    ),
}
