"""What goes wrong at a provider, and what is said of it: nothing is changed, nothing is half known."""

import json
import threading
from pathlib import Path

import pytest

from deployer.config.keeper import Keeper
from deployer.errors import DeployError, UsageError
from deployer.outside import web
from deployer.outside.shield import Cloudflare as Shield
from deployer.seen.facts import Facts
from outside.cloudflare import Cloudflare
from outside.provider import HTML, TOKEN, Asked, Reply
from outside.running import SITES, Run, configured


def only_failure(run: Run) -> str:
    assert run.plan.records == ()
    assert f"✗ DNS: {run.plan.failures[0].rstrip('.')}." in run.lines
    assert not run.apply(), "an apply says that not all is as it shall be"
    assert len(run.plan.failures) == 1
    assert TOKEN not in " ".join([*run.lines, *run.said])
    return run.plan.failures[0]


def test_no_token(tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path, cloudflare)
    monkeypatch.delenv("DNS_TOKEN")
    with pytest.raises(UsageError) as refused:
        Run(config)
    assert refused.value.message == "the environment has no DNS_TOKEN, which dns: takes a token from"
    monkeypatch.setenv("DNS_TOKEN", "Bearer of two words")
    with pytest.raises(UsageError) as refused:
        Run(config)
    assert "two words" not in refused.value.line
    assert cloudflare.asked == []


def test_a_shield_whose_provider_cannot_be_reached_is_told_in_whole_sentences(tmp_path: Path) -> None:
    keeper = Keeper.model_validate(
        {"provider": "cloudflare", "token": "env:A", "endpoint": "http://127.0.0.1:9"}
    )
    with pytest.raises(DeployError) as refused:
        Shield({"": keeper}, {"": TOKEN}).read(["www.example.org"], turning_on=True, with_level=False)
    assert refused.value.line.endswith(" is well, and try again. Nothing was changed.")


def test_a_wrong_token(tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_TOKEN", "another-token")
    said = only_failure(Run(configured(tmp_path, cloudflare)))
    assert said == (
        "Cloudflare refuses the token: Invalid access token (9109). "
        "It needs the rights Zone: Zone: Read and Zone: DNS: Edit, for the zones of these names."
    )


def test_a_token_that_may_only_read(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.read_only = True
    run = Run(configured(tmp_path, cloudflare))
    assert len(run.plan.records) == 6
    assert not run.apply()
    assert run.said[0].startswith(
        "✗ dns:example.net: Cloudflare refuses the token: Authentication error (10000)"
    )
    assert cloudflare.of("example.org") == []


def test_a_token_for_another_zone(tmp_path: Path, cloudflare: Cloudflare) -> None:
    del cloudflare.zones[next(iter(cloudflare.zones))]
    run = Run(configured(tmp_path, cloudflare))
    assert run.paths == ["dns:example.net/shop/A", "dns:example.net/shop/AAAA"]
    assert "! example.org is in no zone that dns: can read: its records stay as they are" in run.lines
    own = {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": cloudflare.address}
    run = Run(configured(tmp_path, cloudflare, zones={"example.org": own}))
    assert run.plan.failures[0].startswith("Cloudflare has no zone example.org that its token sees.")


def test_two_zones_of_one_name(tmp_path: Path, cloudflare: Cloudflare) -> None:
    other = cloudflare.add_zone("example.org", "pending")
    run = Run(configured(tmp_path, cloudflare))
    assert run.plan.failures[0].startswith("there are two zones example.org: write below dns.zones which")
    assert run.paths == ["dns:example.net/shop/A", "dns:example.net/shop/AAAA"]
    assert not [line for line in run.lines if "no zone" in line]
    own = {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": cloudflare.address, "id": other}
    run = Run(configured(tmp_path, cloudflare, zones={"example.org": own}))
    assert not run.plan.failures
    assert "! the zone example.org is pending there: its name servers are others" in run.lines
    assert run.apply()
    assert len(cloudflare.records[other]) == 4


def test_a_zone_within_another_that_cannot_be_read(tmp_path: Path, cloudflare: Cloudflare) -> None:
    sites = {"a.sub.example.org": {"kind": "proxy", "port": 9000}}
    down = {"provider": "cloudflare", "token": "env:DNS_TOKEN", "endpoint": "http://127.0.0.1:9/"}
    own = {**down, "endpoint": cloudflare.address}
    run = Run(configured(tmp_path, cloudflare, sites, zones={"sub.example.org": down}))
    assert run.paths == [], "it is not written into the zone around it"
    run = Run(configured(tmp_path, cloudflare, sites, zones={"example.org": own}, endpoint=down["endpoint"]))
    assert run.paths == [], "there may be a zone sub.example.org"
    assert len(run.plan.failures) == 1


def test_a_provider_that_is_down(tmp_path: Path, cloudflare: Cloudflare) -> None:
    config = configured(tmp_path, cloudflare, endpoint="http://127.0.0.1:9/client/v4")
    said = only_failure(Run(config))
    assert said == "Cloudflare cannot be reached. Look whether 127.0.0.1 is well, and try again."


def test_a_provider_that_is_slow(
    tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TIMEOUT", 0.2)
    ended = threading.Event()

    def hold(_: Asked) -> None:
        ended.wait(20)

    cloudflare.next = [hold] * 3  # type: ignore[list-item]
    run = Run(configured(tmp_path, cloudflare))
    ended.set()
    assert only_failure(run).startswith("Cloudflare does not answer in time.")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (HTML, "Cloudflare answers with what is no JSON: HTTP 200, text/html."),
        (Reply(200, b'{"success": true, "resu'), "Cloudflare answers with what is no JSON: HTTP 200"),
        (Reply(200, b"[]"), "Cloudflare answers with what is no JSON: HTTP 200"),
        (
            Reply(200, b'{"success": true, "result": []}'),
            "Cloudflare answers with what is no list of its own",
        ),
        (
            Reply(200, b'{"success": true, "result": [{"id": 1}], "result_info": {"total_count": 1}}'),
            "KeyError",
        ),
        (Reply(200, b'{"success": true, "result": "x", "result_info": 3}'), "Cloudflare answers with"),
        (Reply(502, b"<html>", {"Content-Type": "text/html"}), "what is no JSON: HTTP 502, text/html"),
        (Reply(200, b'{"success": true, "result": []}' * 9, cut=100), "Cloudflare breaks off its answer"),
        (Reply(302, b"{}", {"Location": "http://127.0.0.1:9/"}), "Cloudflare refuses: HTTP 302"),
    ],
)
def test_an_answer_that_is_none(reply: Reply, said: str, tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.next = [reply] * 3
    assert said in only_failure(Run(configured(tmp_path, cloudflare)))


def test_a_provider_that_is_well_again_is_asked_again(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.next = [Reply(502, b"<html>"), Reply(503, b"{}")]
    run = Run(configured(tmp_path, cloudflare))
    assert not run.plan.failures
    assert len(run.plan.records) == 6


def test_two_pages_and_half_of_one(
    tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployer.outside.dns.cloudflare.RECORDS_A_PAGE", 2)
    config = configured(tmp_path, cloudflare)
    assert Run(config).apply()
    cloudflare.asked.clear()
    assert Run(config).plan.empty
    assert [each.parameters["page"] for each in cloudflare.asked if "dns_records" in each.path].count(
        "2"
    ) == 1

    def half(asked: Asked) -> Reply | None:
        if asked.parameters.get("page") != "2":
            cloudflare.next = [half] * 2
            return None
        return Reply(200, json.dumps(
            {"success": True, "result": [], "result_info": {"total_count": 4}, "errors": []}
        ).encode())  # fmt: skip

    cloudflare.next = [half]
    run = Run(config)
    assert "Cloudflare has told 2 of 4 of a list. Nothing was changed. Try again." in run.plan.failures
    assert not [each for each in run.paths if "example.org" in each], "what was not read does not come or go"


def test_too_many_questions(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.next = [cloudflare.too_many(0), cloudflare.too_many(0)]
    run = Run(configured(tmp_path, cloudflare))
    assert not run.plan.failures
    cloudflare.next = [cloudflare.too_many(300)]
    cloudflare.asked.clear()
    said = only_failure(Run(configured(tmp_path, cloudflare)))
    assert said.startswith("Cloudflare is asked too often, and wants to be left alone for 300 s.")
    assert len(cloudflare.asked) == 1


def test_a_change_is_never_sent_twice(tmp_path: Path, cloudflare: Cloudflare) -> None:
    run = Run(configured(tmp_path, cloudflare, {"shop.example.net": SITES["shop.example.net"]}))

    def lost(asked: Asked) -> Reply | None:
        if asked.method == "GET":
            cloudflare.next = [lost]
            return None
        cloudflare._reply(asked)
        return Reply(200, b"{" * 50, cut=50)

    cloudflare.next = [lost]
    assert not run.apply()
    assert run.said[0].endswith("Whether it has changed anything, deploy plan tells."), run.said
    assert len([each for each in cloudflare.asked if each.method == "POST"]) == 1
    assert Run(configured(tmp_path, cloudflare, {"shop.example.net": SITES["shop.example.net"]})).plan.empty


def test_a_zone_that_changes_between_plan_and_apply(tmp_path: Path, cloudflare: Cloudflare) -> None:
    run = Run(configured(tmp_path, cloudflare))
    cloudflare.by_hand("example.net", name="shop.example.net", type="A", content="198.51.100.1")
    assert not run.apply()
    assert run.said[0] == (
        "✗ dns:example.net: dns:example.net/shop/A has changed since the plan was made. "
        "Run it again to see the new plan."
    )
    assert len(cloudflare.of("example.net")) == 1
    assert len(cloudflare.of("example.org")) == 4, "that is another zone"


def test_one_refused_change_leaves_the_zone_as_it_was(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.most = 3
    run = Run(configured(tmp_path, cloudflare))
    assert not run.apply()
    assert "✗ dns:example.org: Cloudflare refuses: too many changes in a batch (1004)" in run.said
    assert cloudflare.of("example.org") == []
    assert len(cloudflare.of("example.net")) == 2


@pytest.mark.parametrize(
    ("facts", "host", "why"),
    [
        (Facts("debian", "13"), "vps.example.org", ""),
        (
            Facts("debian", "13", addresses=("10.1.2.3",)),
            "vps.example.org",
            ": 10.1.2.3 is a private address",
        ),
        (
            Facts("debian", "13", addresses=("192.168.1.9", "fd00::2")),
            "127.0.0.1",
            ": 127.0.0.1 is an address of the machine itself, 192.168.1.9 is a private address, "
            "fd00::2 is a private address",
        ),
    ],
)
def test_a_server_without_an_address(
    facts: Facts, host: str, why: str, tmp_path: Path, cloudflare: Cloudflare
) -> None:
    assert Run(configured(tmp_path, cloudflare)).apply()
    config = configured(tmp_path, cloudflare, {"new.example.org": SITES["shop.example.net"]})
    assert config.server
    config = config.model_copy(update={"server": config.server.model_copy(update={"host": host})})
    said = only_failure(Run(config, facts=facts))
    assert said.startswith(
        f"the server has no address for DNS records that everybody can reach{why}. Write it"
    )
    assert len(cloudflare.of("example.org")) == 4, "none was taken away for that"


def test_records_that_lead_elsewhere_want_no_address(tmp_path: Path, cloudflare: Cloudflare) -> None:
    site = {"www.example.org": {"kind": "proxy", "port": 9000}}
    records = {"www.example.org": {"CNAME": "cdn.example.com"}, "example.org": {"TXT": "v=spf1 -all"}}
    run = Run(configured(tmp_path, cloudflare, site, records=records), facts=Facts("debian", "13"))
    assert not run.plan.failures
    assert run.apply()
    assert len(cloudflare.of("example.org")) == 2


def test_which_address_counts(tmp_path: Path, cloudflare: Cloudflare) -> None:
    config = configured(tmp_path, cloudflare)
    assert config.server
    by_address = config.model_copy(
        update={"server": config.server.model_copy(update={"host": "203.0.113.99"})}
    )
    facts = Facts("debian", "13", addresses=("10.1.2.3", "2001:db8::7"))
    values = {value.value for change in Run(by_address, facts=facts).plan.records for value in change.after}
    assert values == {"203.0.113.99", "2001:db8::7"}, "behind NAT, where we come in is where all come in"
    given = configured(tmp_path, cloudflare, address=["203.0.113.55"])
    values = {value.value for change in Run(given, facts=facts).plan.records for value in change.after}
    assert values == {"203.0.113.55"}


def test_what_no_zone_can_have(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.by_hand("example.org", name="docs.example.org", type="TXT", content='"mine"')
    records = {"example.org": {"CNAME": "example.com"}, "docs.example.org": {"CNAME": "example.com"}}
    run = Run(configured(tmp_path, cloudflare, records=records))
    assert run.plan.failures == (
        "example.org is the top of its zone, where no CNAME of yours can stand",
        "docs.example.org has TXT that is not ours, and with a CNAME it can have nothing else",
    )
    assert "dns:example.org/www/A" in run.paths
    assert not run.apply()
    assert len(cloudflare.of("example.org")) == 3
