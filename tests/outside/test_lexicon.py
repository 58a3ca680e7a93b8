"""Records by the library lexicon: its provider `localzone` keeps a zone in a file of BIND's form."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError, UsageError
from outside.provider import TOKEN
from outside.running import SITES, Run

ZONE = """\
$ORIGIN example.org.
$TTL 3600
@ IN SOA ns.example.com. me.example.com. 1 3600 600 86400 3600
@ IN NS ns.example.com.
@ IN TXT "v=spf1 -all"
@ IN MX 10 mail.example.com.
mail IN A 198.51.100.1
"""
KEPT = {"provider": "lexicon", "service": "localzone", "token": "env:DNS_TOKEN"}


@pytest.fixture
def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    (tmp_path / "example.org.zone").write_text(ZONE)
    return tmp_path / "example.org.zone"


def at(
    zone: Path, sites: dict[str, Any] | None = None, keeper: dict[str, Any] | None = None, **dns: Any
) -> Config:
    kept = KEPT | {"options": {"filename": str(zone)}} | (keeper or {})
    sites = sites or {"example.org": SITES["example.org"]}
    document = {
        "sites": sites,
        "server": {"host": "vps.example.org"},
        "dns": {"zones": {"example.org": kept}, **dns},
    }
    (zone.parent / "sites.yaml").write_text(json.dumps(document))
    return load(zone.parent / "sites.yaml")


def test_what_is_planned_is_written_and_then_nothing_is_left(zone: Path) -> None:
    more = {"docs.example.org": {"TXT": "a text"}}
    run = Run(at(zone, records=more))
    assert not run.plan.failures
    assert run.paths == [
        "dns:example.org/@/A",
        "dns:example.org/@/AAAA",
        "dns:example.org/docs/TXT",
        "dns:example.org/www/A",
        "dns:example.org/www/AAAA",
    ]
    assert run.apply(), run.said
    written = zone.read_text()
    assert "203.0.113.7" in written
    assert "mail.example.com." in written
    assert written.count("deploy: example.org on vps.example.org") == 4
    assert TOKEN not in written
    again = Run(at(zone, records=more))
    assert again.plan.empty, again.lines
    assert not again.plan.failures
    assert Run(at(zone, {"www.example.net": SITES["shop.example.net"]})).apply()
    left = zone.read_text()
    assert "203.0.113.7" not in left
    assert "deploy:" not in left
    assert "198.51.100.1" in left


def test_an_option_from_the_environment_is_handed_over(zone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = {"options": {"filename": "env:ZONE_FILE", "auth_secret": "env:ZONE_SECRET"}}
    with pytest.raises(UsageError, match="the environment has no ZONE_FILE, ZONE_SECRET, which dns: "):
        Run(at(zone, keeper=keeper))
    monkeypatch.setenv("ZONE_FILE", str(zone))
    monkeypatch.setenv("ZONE_SECRET", "another-secret-that-nobody-sees")
    assert Run(at(zone, keeper=keeper)).apply()
    assert "203.0.113.7" in zone.read_text()
    monkeypatch.setenv("ZONE_FILE", "/nowhere/another-secret-that-nobody-sees")
    (failure,) = Run(at(zone, keeper=keeper)).plan.failures
    assert "/nowhere/…" in failure, "no provider's own words tell it"


def test_a_time_to_live_is_kept_and_an_edit_by_hand_is_told(zone: Path) -> None:
    assert Run(at(zone, ttl="5m")).apply()
    assert Run(at(zone, ttl="5m")).plan.empty
    assert Run(at(zone, ttl="10m")).apply()
    assert Run(at(zone, ttl="10m")).plan.empty
    assert Run(at(zone)).plan.empty, "who asks for none has what is there"
    zone.write_text(zone.read_text().replace("203.0.113.7", "203.0.113.8"))
    edited = Run(at(zone))
    assert edited.paths == ["dns:example.org/@/A", "dns:example.org/www/A"]
    assert any("edited by hand" in line for line in edited.lines), edited.lines
    assert edited.apply()
    assert Run(at(zone)).plan.empty


@pytest.mark.parametrize(
    ("keeper", "said"),
    [
        ({"service": "nobody"}, "nobody, by lexicon, says:"),
        ({"options": {"filename": "/nowhere/zone"}}, "localzone, by lexicon, says:"),
        (
            {"service": "powerdns", "options": {"pdns_server": "http://127.0.0.1:1"}},
            "powerdns, by lexicon, says:",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_without_the_token(
    zone: Path, keeper: dict[str, Any], said: str
) -> None:
    run = Run(at(zone, keeper=keeper))
    (failure,) = run.plan.failures
    assert failure.startswith(said)
    assert TOKEN not in failure
    assert not run.plan.records


@pytest.mark.parametrize(
    ("keeper", "dns", "said"),
    [
        ({"service": None}, {}, "a service: belongs to provider: lexicon"),
        ({"provider": "hetzner"}, {}, "a service: belongs to provider: lexicon"),
        ({"service": "../evil"}, {}, "is no name of lexicon's"),
        ({"token_is": "Auth-Token"}, {}, "is no name of lexicon's"),
        (
            {"options": {"auth_username": "me", "auth_application_secret": "hunter2"}},
            {},
            "auth_application_secret: expected env:NAME or gpg:FILE: a secret itself does not belong",
        ),
        ({"options": {"auth_secret": "generate"}}, {}, "expected env:NAME or gpg:FILE"),
        ({"options": {"auth_secret": "gpg:nowhere.gpg"}}, {}, "no such file: "),
        (
            {},
            {"records": {"example.org": {"MX": "10 mail.example.com"}}},
            "MX of example.org: lexicon's providers",
        ),
    ],
)
def test_bad_sections(zone: Path, keeper: dict[str, Any], dns: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        at(zone, keeper=keeper, **dns)
    assert "hunter2" not in " ".join(map(str, refused.value.problems))
