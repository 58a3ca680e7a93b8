"""The documented example at the root, the starter file, and the pages made from the models."""

import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from deployer import config as package
from deployer.config.keeper import Keeper
from deployer.config.keys import RestrictedKey
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.config.reference import reference
from deployer.config.schema import json_schema
from deployer.config.wording import fields, section
from deployer.documents import syntax
from deployer.kinds import kinds, models, service_kinds
from deployer.values.registries import Registry
from outside.own_certificate import write_certificate

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT.joinpath("sites.yaml").read_text()
STARTER = Path(package.__file__).with_name("starter.yaml").read_text()
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def switched_on(text: str) -> str:
    """The text with the keys that begin with # taken in."""
    return re.sub(r"^( *)#(\w+:)", r"\1\2", text, flags=re.MULTILINE)


@cache
def keys_of(model: object, prefix: str = "") -> frozenset[str]:
    """Every key below a model, with the sections that it is in."""
    found = frozenset[str]()
    for key in fields(model):
        found |= {prefix + key} | keys_of(section(model, (key,)), f"{prefix}{key}.")
    return found


def written_keys(document: object, prefix: str = "") -> set[str]:
    if not isinstance(document, dict):
        return set()
    parts = (written_keys(value, f"{prefix}{key}.") for key, value in document.items())
    return {prefix + key for key in document}.union(*parts)


def test_the_example_is_fine_as_it_is() -> None:
    config = load(ROOT / "sites.yaml")
    known = {"forgejo"}  # beside `gitea`, whose keys it has: a server has one of both
    assert {site.kind for site in config.sites.values()} | known == set(kinds())
    assert {service.kind for service in config.services.values()} == set(service_kinds()) - {"wireguard"}


def test_the_example_is_fine_with_everything_switched_on(tmp_path: Path) -> None:
    (tmp_path / "private-ca.pem").write_text(PEM)
    write_certificate(tmp_path / "app", "app.example.org")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "sites.yaml").write_text(switched_on(EXAMPLE))
    assert load(tmp_path / "sites.yaml").acme.ca_certificate == PEM


def test_every_key_of_every_model_is_in_the_example() -> None:
    document = syntax.parse(switched_on(EXAMPLE), "sites.yaml")[0].plain()
    sites = list(document.pop("sites").values())
    services = [{"kind": name, **service} for name, service in document.pop("services").items()]
    assert set().union(*map(written_keys, document.pop("keys").values())) == keys_of(RestrictedKey)
    assert document["backups"].pop("folders")
    assert document["watch"].pop("words")
    assert document["monitoring"].pop("words")
    assert document.pop("git_hosts")
    dns = document["dns"]
    assert dns.pop("records")
    zones = dns.pop("zones").values()
    assert any(zone.pop("options", None) for zone in zones)
    assert set().union({"options"}, *map(written_keys, zones)) == keys_of(Keeper)
    (login,) = document["docker"].pop("registries").values()
    assert login.keys() == fields(Registry).keys()
    named = {
        "watch.words",
        "monitoring.words",
        "backups.folders",
        "git_hosts",
        "sites",
        "services",
        "keys",
        "dns.records",
        "dns.zones",
        "docker.registries",
    }
    assert written_keys(document) | named == keys_of(Config)
    for kind, model in models():
        # Keys that a kind shares with others are shown once, at any of those.
        alike = {name for name, other in models() if set(fields(other)) & set(fields(model))}
        shown = [site for site in sites + services if site["kind"] in alike]
        missing = keys_of(model) - set().union(*map(written_keys, shown))
        assert not missing, f"{kind} has keys that sites.yaml does not show"
        own = keys_of(model) - set().union(*(keys_of(other) for name, other in models() if name != kind))
        assert own <= set().union(*(written_keys(site) for site in sites + services if site["kind"] == kind))


def test_every_key_of_the_example_is_explained() -> None:
    first_seen: set[str] = set()
    before = ""
    for line in switched_on(EXAMPLE).splitlines():
        match = re.match(r" *(\w+):", line)
        if match and match[1] in keys_of_all_models() and match[1] not in first_seen:
            first_seen.add(match[1])
            assert " # " in line or before.lstrip().startswith("# "), line
        before = line
    assert len(first_seen) > 30


@cache
def keys_of_all_models() -> set[str]:
    every = [Config, RestrictedKey, *(model for _, model in models())]
    return {key.rpartition(".")[2] for model in every for key in keys_of(model)}


def test_no_line_of_the_example_is_too_wide_for_a_page() -> None:
    assert max(map(len, EXAMPLE.splitlines())) <= 115


def test_the_starter_is_fine(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(STARTER)
    assert list(load(tmp_path / "sites.yaml").sites) == ["www.example.org"]


def test_the_starter_is_fine_with_all_its_sites_switched_on(tmp_path: Path) -> None:
    text = re.sub(r"^  # (?=(  )?[\w.]+:( |$))", "  ", STARTER, flags=re.MULTILINE)
    text = re.sub(r"^  host_key:.*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "sites.yaml").write_text(text)
    found = {site.kind for site in load(tmp_path / "sites.yaml").sites.values()}
    assert found == {"app", "hugo", "ntfy", "proxy", "redirect", "static"}


@cache
def schema() -> jsonschema.Draft202012Validator:
    """The schema, whose own correctness has a test."""
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("text", [EXAMPLE, switched_on(EXAMPLE), STARTER])
def test_the_schema_accepts_what_is_right(text: str) -> None:
    schema().validate(yaml.safe_load(text))


def test_the_schema_is_a_schema_and_describes_every_key() -> None:
    written = json_schema()
    assert jsonschema.validators.validator_for(written) is jsonschema.Draft202012Validator
    jsonschema.Draft202012Validator.check_schema(written)
    for section_schema in (written, *written["$defs"].values()):
        assert section_schema["description"]
        for key, field in section_schema["properties"].items():
            assert field.get("description"), key


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("kind: hugoo", "kind: hugo  "),
        ("repositry:", "repository:"),
        ("port: '3000'", "port: 3000"),
        ("hsts: 7 days", "hsts: 7d"),
        ("  Www.example.org:", "  www.example.org:"),
        ("links: often", "links: warn"),
        ("https: yes please", "https: true"),
    ],
)
def test_the_schema_refuses_what_is_wrong(wrong: str, right: str) -> None:
    text = EXAMPLE.replace(right.rstrip(), wrong, 1)
    assert text != EXAMPLE
    with pytest.raises(jsonschema.ValidationError):
        schema().validate(yaml.safe_load(text))


def test_the_reference_is_up_to_date_and_complete() -> None:
    page = ROOT.joinpath("docs/sites.md").read_text()
    assert page == reference(), "run scripts/reference"
    for key in keys_of_all_models() - {"kind"}:
        assert f"| `{key}` |" in page
