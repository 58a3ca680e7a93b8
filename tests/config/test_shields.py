"""Which sites can have a shield, and what sites.yaml may say of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.values.shield import Shield

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
SITE = {"kind": "proxy", "port": 3000}
DNS = {"provider": "cloudflare", "token": "env:DNS_TOKEN"}


def loaded(folder: Path, site: dict[str, Any], **more: Any) -> Config:
    document = {"server": {"host": "vps.example.org"}, "dns": DNS, "sites": {"www.example.org": SITE | site}}
    (folder / "sites.yaml").write_text(json.dumps(document | more))
    return load(folder / "sites.yaml")


def refused(folder: Path, site: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ConfigError) as error:
        loaded(folder, site, **more)
    (problem,) = error.value.problems
    return problem.message


@pytest.mark.parametrize(
    ("written", "meant"), [("on", "on"), ("off", "off"), ("true", "on"), ("false", "off"), ("ON", "on")]
)
def test_on_and_off_may_be_written_as_people_do(tmp_path: Path, written: str, meant: str) -> None:
    text = json.dumps({"server": {"host": "vps.example.org"}, "dns": DNS})[:-1]
    (tmp_path / "sites.yaml").write_text(
        f'{text}, "sites": {{www.example.org: {{kind: proxy, port: 3000, shield: {written}}}}}}}'
    )
    assert load(tmp_path / "sites.yaml").sites["www.example.org"].shielded == meant


def test_auto_has_numbers_of_its_own_or_the_usual(tmp_path: Path) -> None:
    dns = DNS | {"shield": "env:SHIELD_TOKEN"}
    usual = loaded(tmp_path, {"shield": "auto"}, dns=dns).sites["www.example.org"].shield
    assert isinstance(usual, Shield)
    assert (usual.auto.requests, usual.auto.refused) == (50, 30)
    own = loaded(tmp_path, {"shield": {"auto": {"requests": 9, "refused": "1%"}}}, dns=dns)
    assert own.sites["www.example.org"].shield == Shield(auto={"requests": 9, "refused": "1%"})


@pytest.mark.parametrize(
    ("site", "more", "words"),
    [
        (
            {"shield": "maybe"},
            {},
            "expected on, off, auto, or {auto: {requests: 50, refused: 30%}}, not 'maybe'",
        ),
        ({"shield": {"auto": {"refused": "0%"}}}, {}, "expected a share such as 30%, not '0%'"),
        ({"shield": {"auto": {"requests": 0}}}, {}, "0 is not between 1 and 1000000"),
        ({"shield": "auto"}, {}, "write it as dns.shield, beside the token"),
        (
            {"shield": "on"},
            {"dns": {"zones": {"example.org": {"provider": "hetzner", "token": "env:A"}}}},
            "not at Cloudflare",
        ),
        (
            {"shield": "on", "https": False},
            {},
            "without https: Cloudflare and the server would speak in the clear",
        ),
        (
            {"shield": "on"},
            {"server": {"host": "www.example.org"}},
            "www.example.org is where SSH goes (server.host)",
        ),
        (
            {"shield": "on", "aliases": ["vps.example.org"]},
            {},
            "vps.example.org is where SSH goes (server.host)",
        ),
        (
            {"shield": "on"},
            {"services": {"wireguard": {"host": "www.example.org"}}},
            "www.example.org is where WireGuard's clients go",
        ),
        ({}, {"keys": {"phone": {"public": PUBLIC, "shield": ["wwww.example.org"]}}}, "did you mean"),
        (
            {},
            {"keys": {"phone": {"public": PUBLIC, "shield": ["www.example.org"]}}},
            "write it as dns.shield",
        ),
        (
            {},
            {"keys": {"phone": {"public": PUBLIC, "shield": ["www.example.org"], "pull_backups": True}}},
            "a key has either lists of sites (`push:`, `send:`, `shield:`), or `pull_backups: true`",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    tmp_path: Path, site: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    assert words in refused(tmp_path, site, **more)


def test_git_over_ssh_does_not_come_through(tmp_path: Path) -> None:
    gitea = {
        "kind": "gitea", "version": "1.26.0", "sha256": "ab" * 32, "binary": "/root/gitea", "owner": "alma",
        "email": "alma@example.org", "shield": "on",
    }  # fmt: skip
    document = {"dns": DNS, "sites": {"git.example.org": gitea}}
    (tmp_path / "sites.yaml").write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=r"git goes to git\.example\.org over SSH"):
        load(tmp_path / "sites.yaml")
