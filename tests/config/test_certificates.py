"""How a site gets its certificate, and what that needs elsewhere in sites.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.parts.certbot import challenge_files, challenge_tokens
from deployer.values.secrets import FromEnvironment

DNS = {"provider": "cloudflare", "token": "env:A", "renewal": "env:B"}
HETZNER = {"provider": "hetzner", "token": "env:A", "renewal": "env:C"}


def loaded(folder: Path, dns: dict[str, Any] | None, **site: Any) -> Config:
    entry = {"kind": "proxy", "port": 9000, "certificate": {"dns": True}, **site}
    document = {"sites": {"www.example.org": entry}, **({"dns": dns} if dns else {})}
    (folder / "sites.yaml").write_text(yaml.safe_dump(document))
    return load(folder / "sites.yaml")


@pytest.mark.parametrize(
    ("dns", "site", "said"),
    [
        (None, {}, "nobody keeps the DNS records of www.example.org: write dns: with its provider"),
        (
            {"provider": "cloudflare", "token": "env:A"},
            {},
            "the server renews it by itself, with a token for the zone",
        ),
        ({"zones": {"example.net": DNS}}, {}, "nobody keeps the DNS records of www.example.org"),
        (
            {"zones": {"example.org": DNS}},
            {"aliases": ["www.example.net"]},
            "nobody keeps the DNS records of www.example.net",
        ),
        (DNS, {"https": False}, "without https: there is no certificate"),
        (
            DNS,
            {"certificate": {}, "aliases": ["*.example.org"]},
            "a wildcard's certificate needs a proof by DNS",
        ),
        (DNS, {"aliases": ["a.*.example.org"]}, "'a.*.example.org' is not a domain"),
    ],
)
def test_what_is_missing_is_told(dns: dict[str, Any] | None, site: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, dns, **site)
    assert said in str(refused.value)


def test_each_name_is_proved_at_who_keeps_its_zone(tmp_path: Path) -> None:
    dns = DNS | {"zones": {"example.net": HETZNER}}
    config = loaded(tmp_path, dns, aliases=["*.example.org", "example.org", "www.example.net"])
    text = challenge_files(config)["/etc/deploy/challenges/www.example.org.conf"].content.decode()
    assert [line for line in text.splitlines() if line.startswith("NAME")] == [
        "NAME='example.org' PROVIDER='cloudflare' TOKEN='TOKEN' ENDPOINT=''",
        "NAME='www.example.net' PROVIDER='hetzner' TOKEN='TOKEN_example_net' ENDPOINT=''",
        "NAME='www.example.org' PROVIDER='cloudflare' TOKEN='TOKEN' ENDPOINT=''",
    ]
    tokens = {"TOKEN": FromEnvironment("B"), "TOKEN_example_net": FromEnvironment("C")}
    assert challenge_tokens(config) == tokens
    assert "/usr/local/lib/deploy/bin/challenge" in challenge_files(config)
