"""Who stands in for the real ones, and what they take."""

from collections.abc import Iterator

import pytest

from outside import kuma as uptime_kuma
from outside.cloudflare import Cloudflare
from outside.provider import TOKEN


@pytest.fixture
def cloudflare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudflare]:
    """Cloudflare with two zones that have no records yet."""
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    with Cloudflare("example.org", "example.net") as provider:
        yield provider


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> Iterator[uptime_kuma.Kuma]:
    """An Uptime Kuma without monitors, and how to be let in."""
    monkeypatch.setenv("KUMA_PASSWORD", uptime_kuma.PASSWORD)
    monkeypatch.setenv("KUMA_TOKEN", uptime_kuma.TOKEN)
    with uptime_kuma.Kuma() as there:
        yield there
