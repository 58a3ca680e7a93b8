"""A provider that stands in for the real one, and the token that it takes."""

from collections.abc import Iterator

import pytest

from outside.cloudflare import Cloudflare
from outside.provider import TOKEN


@pytest.fixture
def cloudflare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudflare]:
    """Cloudflare with two zones that have no records yet."""
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    with Cloudflare("example.org", "example.net") as provider:
        yield provider
