"""Records at Hetzner: sets with a label, changed by actions that end later."""

from pathlib import Path
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.outside.dns import hetzner as module
from deployer.planning.plan import Surprise
from outside.cloudflare import Cloudflare
from outside.hetzner import Hetzner
from outside.provider import HTML, Reply
from outside.running import SITES, Run, configured


def at(folder: Path, hetzner: Hetzner, sites: dict[str, Any] = SITES, **dns: Any) -> Config:
    return configured(folder, hetzner, sites, provider="hetzner", **dns)


def test_what_is_planned_is_written_and_then_nothing_is_left(tmp_path: Path, hetzner: Hetzner) -> None:
    hetzner.slow = 2
    run = Run(config := at(tmp_path, hetzner, ttl="5m"))
    assert run.paths[:2] == ["dns:example.net/shop/A", "dns:example.net/shop/AAAA"]
    assert run.apply(), run.said
    assert hetzner.values("example.org") == [
        "@ A 203.0.113.7",
        "@ AAAA 2001:db8::7",
        "www A 203.0.113.7",
        "www AAAA 2001:db8::7",
    ]
    one = hetzner.sets["example.org"]["www", "A"]
    assert one["labels"] == {"managed-by": "deploy"}
    assert one["ttl"] == 300
    assert one["records"][0]["comment"].startswith("deploy: example.org on vps.example.org, ")
    assert len([each for each in hetzner.asked if "/actions/" in each.path]) == 18, "three questions for each"
    hetzner.asked.clear()
    assert Run(config).plan.empty
    assert len(hetzner.asked) == 3
    other = Run(at(tmp_path, hetzner, ttl="10m"))
    assert other.apply(), other.said
    assert Run(at(tmp_path, hetzner, ttl="10m")).plan.empty


def test_records_of_others_in_the_same_set_stay(tmp_path: Path, hetzner: Hetzner) -> None:
    hetzner.by_hand("example.org", "@", "TXT", '"google-site-verification=1"')
    hetzner.by_hand("example.org", "www", "A", "198.51.100.1", "198.51.100.2")
    hetzner.by_hand("example.org", "old", "CNAME", "www")
    records = {
        "example.org": {"TXT": ["v=spf1 -all", "y" * 300], "MX": "10 mail.example.com"},
        "docs.example.org": {"CNAME": "example.com"},
    }
    run = Run(config := at(tmp_path, hetzner, records=records))
    www = next(each for each in run.plan.records if each.path == "dns:example.org/www/A")
    assert www.surprise is Surprise.TAKEN_OVER
    assert run.apply(), run.said
    assert Run(config).plan.empty
    there = hetzner.values("example.org")
    assert '@ TXT "google-site-verification=1"' in there
    assert f'@ TXT "{"y" * 255}" "{"y" * 45}"' in there
    assert {"@ MX 10 mail.example.com.", "docs CNAME example.com.", "old CNAME www", "www A 203.0.113.7"} <= {
        *there
    }
    hetzner.sets["example.org"]["www", "A"]["records"][0]["value"] = "198.51.100.9"
    edited = Run(config)
    assert [each.surprise for each in edited.plan.records] == [Surprise.EDITED]
    assert edited.apply()
    assert Run(at(tmp_path, hetzner)).apply()
    assert hetzner.sets["example.org"]["@", "TXT"]["labels"] == {}
    assert '@ TXT "google-site-verification=1"' in hetzner.values("example.org")
    assert not [each for each in hetzner.values("example.org") if "MX" in each or "docs" in each]


def test_a_cname_goes_before_what_comes_in_its_place(tmp_path: Path, hetzner: Hetzner) -> None:
    hetzner.by_hand("example.net", "shop", "CNAME", "shops.example.com.")
    run = Run(config := at(tmp_path, hetzner))
    assert run.apply(), run.said
    assert hetzner.values("example.net") == ["shop A 203.0.113.7", "shop AAAA 2001:db8::7"]
    assert Run(config).plan.empty


def test_more_than_a_page(tmp_path: Path, hetzner: Hetzner) -> None:
    sites = {f"s{number}.example.org": {"kind": "proxy", "port": 9000 + number} for number in range(60)}
    config = at(tmp_path, hetzner, sites, address="203.0.113.7")
    assert Run(config).apply()
    hetzner.asked.clear()
    assert Run(config).plan.empty
    assert len(hetzner.asked) == 4


def test_an_action_that_fails_and_one_that_does_not_end(
    tmp_path: Path, hetzner: Hetzner, monkeypatch: pytest.MonkeyPatch
) -> None:
    hetzner.failing = "the zone is locked"
    run = Run(at(tmp_path, hetzner))
    assert not run.apply()
    assert "✗ dns:example.net: Hetzner could not do it: the zone is locked" in run.said
    hetzner.failing, hetzner.slow = "", 10**9
    monkeypatch.setattr(module, "LONGEST_ACTION", 0.05)
    run = Run(at(tmp_path, hetzner, {"b.example.org": SITES["shop.example.net"]}))
    assert not run.apply()
    assert "Hetzner is still at it after 0 s: " in run.said[0]
    assert run.said[0].endswith("It may still end: deploy plan tells.")


def test_what_is_refused(tmp_path: Path, hetzner: Hetzner, monkeypatch: pytest.MonkeyPatch) -> None:
    hetzner.zones["example.org"]["mode"] = "secondary"
    run = Run(at(tmp_path, hetzner))
    assert "! the zone example.org is a copy of another server's there: nothing can be written" in run.lines
    assert not run.apply()
    assert (
        "✗ dns:example.org: Hetzner refuses: the zone is in secondary mode (incorrect_zone_mode)" in run.said
    )
    assert hetzner.values("example.net") == ["shop A 203.0.113.7", "shop AAAA 2001:db8::7"]
    run = Run(at(tmp_path, hetzner, records={"a.example.net": {"SSHFP": "4 2 abcd"}}))
    assert not run.apply()
    assert "✗ dns:example.net: Hetzner refuses: a/SSHFP is no RRSet (invalid_input)" in run.said
    monkeypatch.setenv("DNS_TOKEN", "another")
    run = Run(at(tmp_path, hetzner))
    assert run.plan.failures[0].startswith(
        "Hetzner refuses the token: unable to authenticate (unauthorized). It"
    )


@pytest.mark.parametrize(
    "reply", [HTML, Reply(200, b'{"zones": []}'), Reply(200, b'{"zones": 3, "meta": 1}')]
)
def test_an_answer_that_is_none(reply: Reply, tmp_path: Path, hetzner: Hetzner) -> None:
    hetzner.next = [reply] * 3
    run = Run(at(tmp_path, hetzner))
    assert (len(run.plan.failures), run.paths) == (1, [])
    assert "Hetzner answers" in run.plan.failures[0]


def test_zones_at_two_providers(tmp_path: Path, hetzner: Hetzner) -> None:
    with Cloudflare("example.net") as cloudflare:
        own = {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": cloudflare.address}
        config = at(tmp_path, hetzner, zones={"example.net": own})
        assert Run(config).apply()
        assert cloudflare.values("example.net") == [
            "shop.example.net A 203.0.113.7",
            "shop.example.net AAAA 2001:db8::7",
        ]
        assert hetzner.values("example.net") == []
        assert len(hetzner.values("example.org")) == 4
        assert Run(config).plan.empty
