"""Records by a program of the user's, which keeps comments or does not."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.planning.plan import Surprise
from outside.running import Run

SITES = {"www.example.org": {"kind": "proxy", "port": 9000}}
MINE = {"name": "mail.example.org", "type": "A", "value": "198.51.100.1", "ttl": 300}


@pytest.fixture(params=["1", "0"], ids=["comments", "no comments"])
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMENTS", request.param)
    monkeypatch.setenv("ZONE_TOKEN", "a-token")
    program = Path(__file__).with_name("zone_program.py").read_text()
    (tmp_path / "my-dns").write_text(f"#!{sys.executable} -IS\n{program}")
    (tmp_path / "my-dns").chmod(0o755)
    (tmp_path / "my-dns.json").write_text(json.dumps([MINE]))
    return tmp_path


def configured(folder: Path, sites: dict[str, Any] = SITES, **dns: Any) -> Config:
    zone = {"provider": "command", "program": "my-dns", "token": "env:ZONE_TOKEN"}
    document = {
        "server": {"host": "vps.example.org"},
        "sites": sites,
        "dns": {"zones": {"example.org": zone}, **dns},
    }
    (folder / "sites.yaml").write_text(yaml.safe_dump(document))
    return load(folder / "sites.yaml")


def there(folder: Path) -> list[dict[str, Any]]:
    return [
        each
        for each in json.loads((folder / "my-dns.json").read_text())
        if not each["name"].startswith("_deploy")
    ]


def test_what_is_planned_is_written_and_then_nothing_is_left(folder: Path) -> None:
    records = {"example.org": {"TXT": ["v=spf1 -all", "other"], "MX": "10 mail.example.org"}}
    config = configured(folder, records=records, ttl="5m")
    run = Run(config)
    assert run.paths == [
        "dns:example.org/@/MX",
        "dns:example.org/@/TXT",
        "dns:example.org/www/A",
        "dns:example.org/www/AAAA",
    ]
    assert run.apply(), run.said
    assert len(there(folder)) == 6
    assert Run(config).plan.empty
    zone = json.loads((folder / "my-dns.json").read_text())
    for each in zone:
        if each["value"] == "203.0.113.7":
            each["value"] = "198.51.100.9"
    (folder / "my-dns.json").write_text(json.dumps(zone))
    edited = Run(config)
    assert edited.paths == ["dns:example.org/www/A"]
    assert edited.plan.records[0].surprise is Surprise.EDITED
    assert edited.apply()
    assert Run(config).plan.empty
    assert Run(configured(folder, {})).apply()
    assert there(folder) == [MINE], "and what is not ours is as it was"


def test_what_was_there_is_taken_over(folder: Path) -> None:
    (folder / "my-dns.json").write_text(json.dumps([{**MINE, "name": "www.example.org"}]))
    run = Run(config := configured(folder))
    assert run.plan.records[0].surprise is Surprise.TAKEN_OVER
    assert run.apply(), run.said
    assert [each["value"] for each in there(folder)] == ["203.0.113.7", "2001:db8::7"]
    assert Run(config).plan.empty


def test_what_goes_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(folder)
    monkeypatch.setenv("ZONE_TOKEN", "wrong")
    assert Run(config).plan.failures == ("my-dns says: who are you, …?",)
    for text, said in (
        ("#!/bin/bash\necho no JSON\n", "my-dns answers with what is no JSON. See docs/dns.md."),
        ("#!/bin/bash\nexit 3\n", "my-dns says: exit code 3"),
        ("#!/bin/bash\necho '{}'\n", "my-dns answers otherwise than its documentation says (KeyError)."),
    ):
        (folder / "my-dns").write_text(text)
        (failure,) = Run(config).plan.failures
        assert failure.startswith(said)
    (folder / "my-dns").chmod(0o644)
    (failure,) = Run(config).plan.failures
    assert failure.endswith("my-dns cannot be run: Permission denied. chmod +x, perhaps.")
