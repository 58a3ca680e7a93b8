"""How a site gets its certificate, and what that needs elsewhere in sites.yaml."""

from pathlib import Path
from time import time
from typing import Any

import pytest
import yaml

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.files import File
from deployer.parts.certbot import challenge_files, challenge_tokens
from deployer.planning.comparing import make_plan
from deployer.planning.plan import Change
from deployer.planning.stages import in_the_end
from deployer.report.difference import diff
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.values.secrets import FromEnvironment
from outside.own_certificate import write_certificate

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
        (
            {"zones": {"example.net": DNS}},
            {},
            "nobody keeps the DNS records of www.example.org: write its zone below dns.zones",
        ),
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


def own(folder: Path, *names: str, **site: Any) -> Config:
    if names:
        write_certificate(folder / "www", *names)
    given = {"chain": "www.pem", "key": "www.key", **site.pop("certificate", {})}
    return loaded(folder, None, certificate={key: value for key, value in given.items() if value}, **site)


def test_a_certificate_of_ones_own_is_a_file_like_others_and_its_key_is_never_shown(tmp_path: Path) -> None:
    config = own(tmp_path, "www.example.org", "*.example.org", aliases=["blog.example.org"])
    now = int(time())
    seen = Observation(Facts("debian", "13", now=now), {}, {})
    desired = in_the_end(config, seen.facts)
    plan = make_plan(desired, seen, "")
    assert plan.certificates == ()
    folder = "/etc/nginx/deploy/certificates/www.example.org"
    changes = {change.path: change for change in plan.changes}
    assert changes[f"{folder}/privkey.pem"].after == File(
        (tmp_path / "www.key").read_bytes(), 0o600, secret=True
    )
    assert diff(changes[f"{folder}/privkey.pem"]) == ["(secret, not shown)"]
    gone = Change(f"{folder}/privkey.pem", File((tmp_path / "www.key").read_bytes(), 0o600), None)
    assert diff(gone) == ["(secret, not shown)"], "what a server has is not marked as a secret"
    text = changes["/etc/nginx/conf.d/www.example.org.conf"].after
    assert text
    assert f"ssl_certificate_key {folder}/privkey.pem;" in text.content.decode()
    assert "    server_name blog.example.org;" in text.content.decode(), "over HTTPS, too"
    assert [handler.live for handler in plan.handlers if handler.live == "reload_nginx"] == ["reload_nginx"]
    assert "certbot" not in desired.packages
    assert desired.pressing == ()
    later = in_the_end(config, Facts("debian", "13", now=now + 80 * 86400))
    assert later.pressing == (
        "the certificate of www.example.org, your own, ends in 10 days: bring the next one",
    )
    ended = in_the_end(config, Facts("debian", "13", now=now + 91 * 86400))
    assert ended.pressing[0].startswith("the certificate of www.example.org, your own, has ended")


def test_one_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    def refused(*names: str, **site: Any) -> str:
        with pytest.raises(ConfigError) as error:
            own(tmp_path, *names, **site)
        return str(error.value)

    assert "the certificate is not for www.example.org" in refused("example.org")
    assert "the certificate is not for a.b.example.org" in refused(
        "www.example.org", "*.example.org", aliases=["a.b.example.org"]
    )
    assert "has both a chain: and a key:" in refused("www.example.org", certificate={"key": None})
    assert "and not both" in refused("www.example.org", certificate={"dns": True})
    key = (tmp_path / "www.key").read_bytes()
    write_certificate(tmp_path / "www", "www.example.org")
    (tmp_path / "www.key").write_bytes(key)
    assert "key: is the key of another certificate" in refused()
    (tmp_path / "www.key").write_text("no key")
    assert "key: is no private key in PEM format without a passphrase" in refused()
    (tmp_path / "www.key").chmod(0o644)
    assert f"others on this machine can read {tmp_path}/www.key: chmod 600" in refused()
    (tmp_path / "www.key").chmod(0o600)
    (tmp_path / "www.pem").write_text("no certificate")
    assert "chain: is no certificate in PEM format" in refused()
    (tmp_path / "www.pem").unlink()
    assert "www.pem cannot be read: No such file or directory" in refused()
