"""A TXT record that proves a name, put and taken away by the server itself."""

from collections.abc import Iterator

import pytest

from installed.conftest import Root
from outside.cloudflare import Cloudflare
from outside.hetzner import Hetzner
from outside.provider import HTML, TOKEN, Provider


@pytest.fixture(params=[Cloudflare, Hetzner])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with request.param("org", "example.org", "example.net") as started:
        yield started


def challenge(
    root: Root, provider: Provider, *arguments: str, code: int = 0, token: str = TOKEN, **more: str
) -> str:
    name = type(provider).__name__.lower()
    line = f"NAME='www.example.org' PROVIDER='{name}' TOKEN='TOKEN' ENDPOINT='{provider.address}'\n"
    root.write("/etc/deploy/challenges/www.example.org.conf", f"# how\n{line}")
    root.write("/etc/deploy/challenges/.env", f"TOKEN='{token}'\n", 0o600)
    given = {"CERTBOT_DOMAIN": "www.example.org", "CERTBOT_VALIDATION": "abc_-XYZ09", "CHALLENGE_WAIT": "0"}
    said = root.run("challenge", "www.example.org", *arguments, code=code, **(given | more))
    assert token not in said
    return said


def test_it_comes_and_goes(root: Root, provider: Cloudflare | Hetzner) -> None:
    before = provider.values("example.org")
    challenge(root, provider)
    challenge(root, provider, CERTBOT_VALIDATION="of-the-wildcard")
    there = [each for each in provider.values("example.org") if "TXT" in each]
    assert len(there) == 2
    assert all("_acme-challenge.www" in each for each in there)
    assert any('"abc_-XYZ09"' in each for each in there)
    challenge(root, provider, "--remove")
    (left,) = (each for each in provider.values("example.org") if "TXT" in each)
    assert "of-the-wildcard" in left
    challenge(root, provider, "--remove", CERTBOT_VALIDATION="of-the-wildcard")
    assert provider.values("example.org") == before
    assert provider.values("org") == provider.values("example.net")


@pytest.mark.parametrize("kind", [Cloudflare, Hetzner])
def test_a_zone_on_a_later_page_is_found(root: Root, kind: type[Cloudflare | Hetzner]) -> None:
    others = [f"zone-{number}.example" for number in range(102)]
    with kind(*others[:49], "org", *others[49:], "example.org") as provider:
        challenge(root, provider)
        assert any("abc_-XYZ09" in each for each in provider.values("example.org"))
        assert len([each for each in provider.asked if each.path.endswith("/zones")]) == 3


def test_what_goes_wrong_is_told(root: Root, provider: Cloudflare | Hetzner) -> None:
    assert "answers 40" in challenge(root, provider, code=1, token="another")
    provider.next = [HTML]
    assert "✗ challenge for www.example.org: " in challenge(root, provider, code=1)
    said = challenge(root, provider, code=1, CERTBOT_DOMAIN="other.example.org")
    assert said.endswith("www.example.org.conf does not have it: deploy apply\n")
    provider.zones.clear()
    assert "the token sees no zone that it is in" in challenge(root, provider, code=1)


@pytest.mark.parametrize("token", ['ab"cd', "ab\\cd", "ab cd"], ids=["a quote", "a backslash", "two words"])
def test_what_is_no_token_is_sent_to_nobody(root: Root, provider: Cloudflare | Hetzner, token: str) -> None:
    said = challenge(root, provider, code=1, token=token)
    assert said.endswith(" is no token: it has quotes or backslashes, or more than one word\n")
    assert not provider.asked
