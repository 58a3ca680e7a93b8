"""Who stands in for the real ones, and what they take."""

from collections.abc import Iterator

import pytest

from deployer.outside.dns import hetzner as asking_hetzner
from outside import kuma as uptime_kuma
from outside.cloudflare import Cloudflare
from outside.hetzner import Hetzner
from outside.provider import TOKEN


@pytest.fixture
def cloudflare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudflare]:
    """Cloudflare with two zones that have no records yet."""
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    with Cloudflare("example.org", "example.net") as provider:
        yield provider


@pytest.fixture
def hetzner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hetzner]:
    """Hetzner with two zones, whose actions nobody waits for."""
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    monkeypatch.setattr(asking_hetzner, "PAUSE", 0)
    with Hetzner("example.org", "example.net") as provider:
        yield provider


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> Iterator[uptime_kuma.Kuma]:
    """An Uptime Kuma without monitors, and how to be let in."""
    monkeypatch.setenv("KUMA_PASSWORD", uptime_kuma.PASSWORD)
    monkeypatch.setenv("KUMA_TOKEN", uptime_kuma.TOKEN)
    with uptime_kuma.Kuma() as there:
        yield there
