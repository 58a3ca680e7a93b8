"""Records from sites.yaml to a provider and back: what is planned is written, and then nothing is left."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.planning.plan import Order, Surprise
from deployer.report.plan_document import as_json
from outside.cloudflare import Cloudflare
from outside.provider import TOKEN
from outside.running import SITES, Run, configured


def test_a_new_site_gets_its_addresses_and_then_nothing_is_left(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    run = Run(config := configured(tmp_path, cloudflare))
    assert not run.plan.failures
    assert run.lines[:4] == [
        "+ dns:example.net/shop/A",
        "    +shop.example.net A 203.0.113.7",
        "+ dns:example.net/shop/AAAA",
        "    +shop.example.net AAAA 2001:db8::7",
    ]
    assert run.lines[-1] == "vps.example.org: 6 DNS records to add."
    files = json.loads(as_json(run.plan, "vps.example.org"))["files"]
    assert files[2] == {
        "path": "dns:example.org/@/A",
        "action": "add",
        "site": "example.org",
        "surprise": None,
        "diff": ["+example.org A 203.0.113.7"],
    }
    cloudflare.asked.clear()
    assert run.apply(), run.said
    batches = [each for each in cloudflare.asked if each.method == "POST"]
    assert [each.path.endswith("/batch") for each in batches] == [True, True], "one for each zone"
    assert cloudflare.values("example.org") == [
        "example.org A 203.0.113.7",
        "example.org AAAA 2001:db8::7",
        "www.example.org A 203.0.113.7",
        "www.example.org AAAA 2001:db8::7",
    ]
    comments = {each["comment"] for each in cloudflare.of("example.org")}
    assert all(each.startswith("deploy: example.org on vps.example.org, ") for each in comments)
    cloudflare.asked.clear()
    again = Run(config)
    assert again.plan.empty
    assert not again.plan.failures
    assert len(cloudflare.asked) == 3, "the list of zones, and each zone once"


def test_what_is_no_longer_wanted_goes_and_what_is_not_ours_stays(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    cloudflare.by_hand("example.org", name="mail.example.org", type="A", content="198.51.100.1")
    cloudflare.by_hand("example.org", name="example.org", type="TXT", content='"v=spf1 -all"')
    assert Run(configured(tmp_path, cloudflare)).apply()
    fewer = {"shop.example.net": SITES["shop.example.net"]}
    run = Run(configured(tmp_path, cloudflare, fewer))
    assert [each.path for each in run.plan.records] == [
        "dns:example.org/@/A",
        "dns:example.org/@/AAAA",
        "dns:example.org/www/A",
        "dns:example.org/www/AAAA",
    ]
    assert all(each.after == () for each in run.plan.records)
    assert run.plan.much == ("example.org",), "four of six, which is more than a third"
    assert run.apply()
    assert cloudflare.values("example.org") == [
        'example.org TXT "v=spf1 -all"',
        "mail.example.org A 198.51.100.1",
    ]


def test_a_record_made_by_hand_is_taken_over_and_the_plan_says_so(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    old = cloudflare.by_hand("example.net", name="shop.example.net", type="A", content="198.51.100.1")
    other = cloudflare.by_hand("example.net", name="shop.example.net", type="A", content="198.51.100.2")
    run = Run(config := configured(tmp_path, cloudflare))
    assert run.lines[0] == "~ dns:example.net/shop/A (takes over a record made by hand)"
    assert run.lines[1:4] == [
        "    -shop.example.net A 198.51.100.1",
        "    -shop.example.net A 198.51.100.2",
        "    +shop.example.net A 203.0.113.7",
    ]
    assert run.apply()
    there = [each for each in cloudflare.of("example.net") if each["type"] == "A"]
    assert [each["id"] for each in there] == [old], "one is changed, the other goes"
    assert other != old
    there[0]["content"] = "198.51.100.3"
    edited = Run(config)
    assert [each.surprise for each in edited.plan.records] == [Surprise.EDITED]
    assert edited.lines[0] == "~ dns:example.net/shop/A (edited by hand)"
    assert edited.apply()
    assert Run(config).plan.empty


def test_one_that_is_right_already_is_only_marked(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.by_hand("example.net", name="shop.example.net", type="A", content="203.0.113.7", proxied=True)
    config = configured(tmp_path, cloudflare, ttl="5m")
    run = Run(config)
    assert run.lines[:1] == ["~ dns:example.net/shop/A (takes over a record made by hand)"]
    assert not run.plan.records[0].seen_outside
    assert run.apply()
    assert [each["proxied"] for each in cloudflare.of("example.net")] == [True, True], "AAAA shows no server"
    assert Run(config).plan.empty


def test_a_cname_gives_way_in_the_same_transaction(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.by_hand("example.net", name="shop.example.net", type="CNAME", content="shops.example.com")
    run = Run(config := configured(tmp_path, cloudflare))
    assert "- dns:example.net/shop/CNAME (takes over a record made by hand)" in run.lines
    assert run.apply(), run.said
    assert cloudflare.values("example.net") == [
        "shop.example.net A 203.0.113.7",
        "shop.example.net AAAA 2001:db8::7",
    ]
    assert Run(config).plan.empty


def test_two_servers_share_a_zone(tmp_path: Path, cloudflare: Cloudflare) -> None:
    assert Run(configured(tmp_path, cloudflare)).apply()
    document = json.loads((tmp_path / "sites.yaml").read_text())
    blog = {"blog.example.org": {"kind": "proxy", "port": 9000}}
    other = document | {"server": {"host": "other.example.org"}, "sites": blog}
    (tmp_path / "sites.yaml").write_text(json.dumps(other))
    run = Run(load(tmp_path / "sites.yaml"))
    assert {each.path for each in run.plan.records} == {"dns:example.org/blog/A", "dns:example.org/blog/AAAA"}
    assert run.apply()
    assert Run(configured(tmp_path, cloudflare)).plan.empty


def test_of_some_sites_only_their_records_are_written_and_none_goes(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    assert Run(configured(tmp_path, cloudflare)).apply()
    other = {
        "example.net": {"kind": "proxy", "port": 9001},
        "new.example.org": {"kind": "proxy", "port": 9002},
    }
    run = Run(configured(tmp_path, cloudflare, other), scope=["new.example.org"])
    assert run.paths == ["dns:example.org/new/A", "dns:example.org/new/AAAA"]


def test_who_is_held_keeps_the_records_that_are_there(tmp_path: Path, cloudflare: Cloudflare) -> None:
    assert Run(configured(tmp_path, cloudflare, address="203.0.113.9")).apply()
    run = Run(configured(tmp_path, cloudflare), held={"example.org": "its port is taken"})
    assert run.paths == ["dns:example.net/shop/A", "dns:example.net/shop/AAAA"]


def test_a_name_that_leads_elsewhere_stays_there_when_the_server_is_not_ready(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    cloudflare.by_hand("example.net", name="shop.example.net", type="A", content="198.51.100.1")
    run = Run(configured(tmp_path, cloudflare))
    assert not run.apply(done=False)
    assert run.said[0] == (
        "! dns:example.net/shop/A stays as it is, for not everything could be done on the server."
    )
    assert cloudflare.values("example.net") == [
        "shop.example.net A 198.51.100.1",
        "shop.example.net AAAA 2001:db8::7",
    ]
    assert len(cloudflare.of("example.org")) == 4


def test_what_a_certificate_waits_for_comes_before_it(tmp_path: Path, cloudflare: Cloudflare) -> None:
    run = Run(configured(tmp_path, cloudflare))
    order = Order("shop.example.net", ("shop.example.net",), ("shop.example.net",))
    assert run.names.write_first(run.plan, [replace(order, by_dns=True)], run.said.append)
    assert cloudflare.of("example.net") == [], "that need not lead here"
    assert run.names.write_first(run.plan, [order], run.said.append)
    assert len(cloudflare.of("example.net")) == 2
    assert cloudflare.of("example.org") == []
    cloudflare.asked.clear()
    assert run.apply()
    assert len(cloudflare.of("example.org")) == 4
    assert not [each for each in cloudflare.asked if each.path.split("/")[4].endswith("2")], "not once more"


def test_records_of_ones_own(tmp_path: Path, cloudflare: Cloudflare) -> None:
    records = {
        "example.org": {
            "MX": ["10 mail.example.com.", "20 b.example.com"],
            "TXT": ["v=spf1 mx -all", "x" * 300],
        },
        "*.example.org": {"CNAME": "example.org"},
        "_sip._tcp.example.org": {"SRV": "0 5 5060 sip.example.com"},
        "_443._tcp.example.org": {"TLSA": "3 1 1 ABCDEF0123"},
        "vps.example.org": {"A": "203.0.113.7", "SSHFP": "4 2 abcd"},
        "www.example.org": {"CNAME": "example.org"},
        "deep.sub.example.net": {"CAA": ["0 issue letsencrypt.org", "0 iodef mailto:me@example.org"]},
    }
    cloudflare.by_hand("example.org", name="example.org", type="TXT", content='"google-site-verification=1"')
    cloudflare.by_hand("example.org", name="example.org", type="TXT", content='"v=spf1 mx -all"')
    config = configured(tmp_path, cloudflare, records=records, caa=["letsencrypt.org"], ttl="10m")
    run = Run(config)
    assert not run.plan.failures
    text = next(each for each in run.plan.records if each.path == "dns:example.org/@/TXT")
    assert [each.value for each in text.after][:2] == ["google-site-verification=1", "v=spf1 mx -all"]
    assert text.surprise is Surprise.TAKEN_OVER, "of the one that is the same"
    assert run.apply(), run.said
    assert Run(config).plan.empty
    there = cloudflare.values("example.org")
    assert 'example.org TXT "google-site-verification=1"' in there
    assert f'example.org TXT "{"x" * 255}" "{"x" * 45}"' in there
    assert "example.org MX mail.example.com" in there
    assert 'example.org CAA 0 issue "letsencrypt.org"' in there
    assert "www.example.org CNAME example.org" in there
    assert not [each for each in there if each.startswith("www.example.org A")]
    assert {each["ttl"] for each in cloudflare.of("example.org") if each["comment"]} == {600}
    fewer = configured(tmp_path, cloudflare)
    run = Run(fewer)
    assert run.apply(), run.said
    kinds = {each["type"] for each in cloudflare.of("example.org") if each["comment"]}
    assert kinds == {"A", "AAAA"}
    assert 'example.org TXT "google-site-verification=1"' in cloudflare.values("example.org")


def test_the_most_exact_zone_has_a_name_and_who_has_a_zone_of_its_own_keeps_it(
    tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudflare.add_zone("sub.example.org")
    monkeypatch.setenv("OTHER_TOKEN", TOKEN)
    sites = {name: {"kind": "proxy", "port": 9000} for name in ("a.sub.example.org",)}
    with Cloudflare("example.org") as other:
        own = {"provider": "cloudflare", "token": "env:OTHER_TOKEN", "endpoint": other.address}
        sites["b.example.org"] = {"kind": "proxy", "port": 9001}
        config = configured(tmp_path, cloudflare, sites, zones={"example.org": own})
        run = Run(config)
        assert run.paths[::2] == ["dns:example.org/b/A", "dns:sub.example.org/a/A"]
        assert run.apply()
        assert other.values("example.org")[0] == "b.example.org A 203.0.113.7"
    assert cloudflare.of("example.org") == []
    assert cloudflare.values("sub.example.org")[0] == "a.sub.example.org A 203.0.113.7"


def test_more_changes_than_one_transaction_takes(tmp_path: Path, cloudflare: Cloudflare) -> None:
    sites = {f"s{number}.example.org": {"kind": "proxy", "port": 9000 + number} for number in range(150)}
    config = configured(tmp_path, cloudflare, sites)
    assert Run(config).apply()
    assert len(cloudflare.of("example.org")) == 300
    sites = {"example.org": {"kind": "proxy", "port": 9001}}
    assert Run(configured(tmp_path, cloudflare, sites)).apply()
    assert len(cloudflare.of("example.org")) == 2


def test_fifty_sites_with_nothing_to_do_are_a_request_for_each_zone(
    tmp_path: Path, cloudflare: Cloudflare
) -> None:
    cloudflare.add_zone("example.com")
    zones = ("example.org", "example.net", "example.com")
    sites = {
        f"s{number}.{zones[number % 3]}": {"kind": "proxy", "port": 9000 + number, "aliases": []}
        for number in range(50)
    }
    config = configured(tmp_path, cloudflare, sites)
    assert Run(config).apply()
    cloudflare.asked.clear()
    assert Run(config).plan.empty
    assert len(cloudflare.asked) == 1 + len(zones)
