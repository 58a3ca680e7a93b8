"""Restricted keys: what is written for them, and what sites.yaml may not say."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.files import Files
from deployer.parts import shares
from deployer.parts.keys import AUTHORIZED_KEYS, key_files
from deployer.seen.facts import Facts
from deployer.shares.share import total
from deployer.values.quantities import Plain

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC022uwG5vjIQbBGX2S7cc/zOKqjEV4ELJCdhVS2xsKx"
SITES = {"www.example.org": {"kind": "static", "repository": "https://git.example.org/a.git"}}
CI = {"public": PUBLIC, "push": ["www.example.org"]}
HOSTILE = st.text("ab-.\"'`$();\n\r\t\\ ,=#*@é\0", min_size=1, max_size=12)


def config(keys: dict[str, Any]) -> Config:
    return Config.model_validate({"sites": SITES, "keys": keys})


def lines(keys: dict[str, Any]) -> list[str]:
    text = key_files(config(keys))[AUTHORIZED_KEYS].content.decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_each_key_has_one_line_that_restricts_it() -> None:
    found = lines(
        {
            "ci": CI | {"public": f"{PUBLIC} me@laptop, at home"},
            "home": {"public": OTHER, "pull_backups": True},
        }
    )
    assert found == [
        f'restrict,command="/bin/bash -p /usr/local/lib/deploy/bin/entrance ci" {PUBLIC} ci',
        f'restrict,command="/bin/bash -p /usr/local/lib/deploy/bin/entrance home" {OTHER} home',
    ]


def shared_files(document: dict[str, Any]) -> Files:
    return total(shares(Config.model_validate(document), Facts("debian", "13"))).files


def test_what_a_key_runs_is_there_whatever_else_is() -> None:
    sites = {"old.example.org": {"kind": "redirect", "to": "https://example.org", "https": False}}
    keys = {"home": {"public": OTHER, "pull_backups": True}}
    found = shared_files({"sites": sites, "keys": keys})
    assert "/usr/local/lib/deploy/bin/entrance" in found
    without = shared_files({"sites": sites, "security": Plain("false")})
    ours = [path for path in without if path.startswith("/usr/local/lib/deploy")]
    assert "/usr/local/lib/deploy/bin/entrance" not in ours
    assert "/usr/local/lib/deploy/lib/common/site" not in ours


def test_without_keys_there_is_nothing() -> None:
    assert key_files(config({})) == {}


@settings(max_examples=200, deadline=None)
@given(text=HOSTILE, place=st.sampled_from(("name", "comment", "push", "before")))
def test_no_value_becomes_an_option(text: str, place: str) -> None:
    keys = {
        "name": {text: CI},
        "comment": {"ci": CI | {"public": f"{PUBLIC} {text}"}},
        "push": {"ci": CI | {"push": [text]}},
        "before": {"ci": CI | {"public": f"{text} {PUBLIC}"}},
    }[place]
    try:
        (found,) = lines(keys)
    except ValidationError:
        return
    assert found.startswith('restrict,command="/bin/bash -p /usr/local/lib/deploy/bin/entrance ')
    assert found.count('"') == 2
    assert found.count(PUBLIC) == 1
    assert len(found.split()) == 7


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("ci: {public: PUB, push: [nowhere.example.org]}", "no site or service 'nowhere.example.org' here"),
        ("ci: {public: PUB, push: [old.example.org]}", "redirect: there is nothing to push"),
        ("ci: {public: PUB, push: [here.example.org]}", "comes from a folder of this machine"),
        (
            "ci: {public: PUB}",
            "a key has either lists of sites (`push:`, `send:`, `shield:`), or `pull_backups: true`",
        ),
        ("ci: {public: PUB, push: [www.example.org], pull_backups: true}", "a key has either"),
        ("ci: {push: [www.example.org]}", "'public' is missing"),
        ("ci: {public: PUB, psh: [www.example.org]}", "did you mean 'push'?"),
        ("ci: {public: ssh-ed25519 AAAA, push: [www.example.org]}", "damaged"),
        ("ci: {public: 'command=\"sh\" PUB', push: [www.example.org]}", "expected a public key"),
        ("ci: {public: '-----BEGIN OPENSSH PRIVATE KEY-----', pull_backups: true}", "this is a PRIVATE key"),
        ("Ci: {public: PUB, pull_backups: true}", "is not a name for a key"),
        (
            "a: {public: PUB, pull_backups: true}\n  b: {public: PUB, pull_backups: true}",
            "the key of 'a' too",
        ),
    ],
)
def test_what_is_wrong_has_its_line(keys: str, words: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "here"], check=True)
    identity = ["-c", "user.name=Alma", "-c", "user.email=alma@example.org"]
    subprocess.run(
        ["git", "-C", tmp_path / "here", *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True
    )
    text = f"""
sites:
  www.example.org: {{kind: static, repository: https://git.example.org/a.git}}
  here.example.org: {{kind: static, repository: here}}
  old.example.org: {{kind: redirect, to: https://www.example.org}}
keys:
  {keys.replace("PUB", PUBLIC)}
"""
    (tmp_path / "sites.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load(tmp_path / "sites.yaml")
    (problem,) = error.value.problems
    assert words in problem.message
    assert problem.line in (7, 8)


def test_the_login_of_keys_is_not_ones_own(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(
        f"server: {{host: a.org, user: deploy}}\nkeys:\n  home: {{public: {PUBLIC}, pull_backups: true}}\n"
    )
    with pytest.raises(ConfigError, match="restricted keys log in as 'deploy'"):
        load(tmp_path / "sites.yaml")
