"""The section `dns` of sites.yaml."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.errors import ConfigError

KEEPER = "  provider: cloudflare\n  token: env:DNS_TOKEN\n"


def problems(folder: Path, dns: str) -> list[str]:
    (folder / "sites.yaml").write_text(f"dns:\n{dns}")
    with pytest.raises(ConfigError) as refused:
        load(folder / "sites.yaml")
    return [f"{each.line}: {each.message}" for each in refused.value.problems]


@pytest.mark.parametrize(
    ("dns", "said"),
    [
        (
            "  token: env:A\n",
            "2: dns: write who keeps the zones, as in {provider: cloudflare, token: env:NAME}",
        ),
        (
            "  provider: cloudflare\n",
            "2: dns: 'token' is missing (token that may change the records: env:NAME or gpg:FILE)",
        ),
        (
            "  provider: cloudflair\n  token: env:A\n",
            "2: dns.provider: expected 'cloudflare' or 'hetzner', not 'cloudflair'",
        ),
        (
            "  provider: cloudflare\n  token: abcdef\n",
            "3: dns.token: expected generate, env:NAME or gpg:FILE",
        ),
        ("  provider: cloudflare\n  token: generate\n", "3: dns.token: the provider makes this token"),
        (KEEPER + "  ttl: 30s\n", "4: dns.ttl: expected a duration from 60s to 1d, not '30s'"),
        (
            KEEPER + "  address: 192.168.0.1\n",
            "4: dns.address: 192.168.0.1 is a private address: nobody outside",
        ),
        (
            KEEPER + "  endpoint: http://dns.example.org/\n",
            "4: dns.endpoint: the token goes there: write an address",
        ),
        (KEEPER + "  recrods: {}\n", "4: dns: unknown key 'recrods' (did you mean 'records'?)"),
        (
            "  provider: lexicon\n  token: env:A\n",
            "2: dns.provider: lexicon keeps a zone of its own: write it below zones:, as in "
            "zones: {example.org: {provider: lexicon, service: gandi, token: env:NAME}}",
        ),
        (
            KEEPER + "  records:\n    example.org:\n      A: 203.0.113.7\n      MX: mail\n",
            "7: dns.records.example.org.MX: expected PRIORITY",
        ),
        (
            KEEPER + "  records:\n    example.org:\n      A: 203.0.113.7\n      MX: []\n",
            "7: dns.records.example.org.MX: write a value",
        ),
        (
            KEEPER + "  records:\n    example.org:\n      A:\n        - 203.0.113.7\n        - 203.0.113\n",
            "8: dns.records.example.org.A: '203.0.113' is not an IP address",
        ),
        (
            KEEPER + "  records:\n    example.org:\n      A: 203.0.113.7\n      mx: 10 a.org\n",
            "7: dns.records.example.org.mx: 'mx' is no type of record that is known here (did you mean 'MX'",
        ),
        (
            KEEPER + "  records:\n    www.example.org: {CNAME: example.org, TXT: a}\n",
            "5: dns.records.www.example.org: a name with a CNAME has nothing else, and one of it",
        ),
        (
            KEEPER + "  records:\n    grün.example: {A: 203.0.113.7}\n",
            "5: dns.records: write an international domain",
        ),
        (
            KEEPER + "  zones:\n    example.net: {provider: cloudflare}\n",
            "5: dns.zones.example.net: 'token' is missing",
        ),
        (
            KEEPER + "  zones:\n    example.net: {provider: cloudflare, token: env:A, id: ../x}\n",
            "5: dns.zones.example.net.id: '../x' is not the id of a zone",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(dns: str, said: str, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, dns)
    assert found.startswith(said)


def test_what_is_given_once_is_a_list_of_one(tmp_path: Path) -> None:
    records = "  records:\n    a.example.org: {MX: [20 b.org, 10 a.org], TXT: x}\n"
    text = f"dns:\n{KEEPER}  address: 203.0.113.7\n{records}"
    (tmp_path / "sites.yaml").write_text(text)
    dns = load(tmp_path / "sites.yaml").dns
    assert dns
    assert dns.address == ("203.0.113.7",)
    assert dns.records == {"a.example.org": {"MX": ("10 a.org", "20 b.org"), "TXT": ("x",)}}
    assert [*dns.keepers] == [""]


def test_a_mistake_in_the_section_is_the_only_one_that_is_told(tmp_path: Path) -> None:
    """Who keeps the zones is not known then, and nobody knows that nobody does."""
    site = "{kind: proxy, port: 3000, certificate: {dns: true}, shield: on}"
    (tmp_path / "sites.yaml").write_text(
        f"sites: {{www.example.org: {site}}}\ndns: {{provider: cloudflare, token: env:TOKEN, ttl: 300}}\n"
    )
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "sites.yaml")
    (problem,) = error.value.problems
    assert problem.message.startswith("dns.ttl: expected a duration")
