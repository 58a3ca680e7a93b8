"""Whatever a value of a service is, it stays a value in its compose file, its image, and bash."""

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deployer.config.model import Config
from deployer.desired import desired_files
from deployer.desired.facts import Certificate, Facts
from deployer.kinds import models
from desired import test_no_escape
from desired.test_no_escape import HOSTILE, nginx_file, shapes

DOMAIN = "site.example.org"
NAME = "service"
SITES: Mapping[str, dict[str, Any]] = {
    "ntfy": {"environment": {"KEY": "value"}, "tag": "v2", "memory": "128M", "probe": "/x"},
    "searxng": {"environment": {"KEY": "value"}, "max_upload": "1M"},
    "shhh": {"environment": {"KEY": "value"}, "tag": "3.2.4"},
    "uptime-kuma": {"environment": {"KEY": "value"}, "tag": "2", "memory": "128M"},
    "umami": {"environment": {"KEY": "value"}, "tag": "3"},
    "phpbb": {"email": "me@example.org", "title": "Forum", "tag": "3.3.17", "environment": {"KEY": "value"}},
    "wireguard": {"host": "vpn.example.org", "environment": {"KEY": "value"}},
}
SERVICES: Mapping[str, dict[str, Any]] = {
    "gitea-runner": {
        "instance": "https://git.example.org",
        "token": "env:TOKEN",
        "labels": ["a:host"],
        "environment": {"KEY": "value"},
    },
    "watchtower": {"at": "04:00", "environment": {"KEY": "value"}},
}
KINDS = {**SITES, **SERVICES}
FIELDS = [(kind, field) for kind, values in KINDS.items() for field in values if field != "token"]
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MARKER = "MARKER"


def document(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    section, name = ("sites", DOMAIN) if kind in SITES else ("services", NAME)
    return {section: {name: {"kind": kind, **values}}}


def accepted(kind: str, values: dict[str, Any]) -> bool:
    """Whether the models let it pass; what they refuse reaches no file."""
    try:
        return bool(Config.model_validate(document(kind, values)))
    except ValidationError:
        return False


def rendered(kind: str, values: dict[str, Any]) -> dict[str, str]:
    """The files of one service, by the end of their path."""
    facts = Facts("debian", "13", certificates={DOMAIN: Certificate(frozenset({DOMAIN}), 0, "")})
    desired = desired_files(Config.model_validate(document(kind, values)), facts)
    return {path: desired.files[path].content.decode() for path in desired.site_of}


def changed(kind: str, field: str, value: str) -> dict[str, Any]:
    shaped = {"environment": {"KEY": value}, "labels": [value]}
    return {**KINDS[kind], field: shaped.get(field, value)}


def compose(files: dict[str, str]) -> dict[str, Any]:
    (text,) = (text for path, text in files.items() if path.endswith("/docker-compose.yml"))
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def before(kind: str) -> tuple[set[str], Any, set[str]]:
    """Of a service as it is meant: the paths of its files, and its compose file's shape and variables."""
    files = rendered(kind, KINDS[kind])
    return set(files), shape(compose(files)), variables(compose(files))


def shape(node: Any) -> Any:
    """A document without its texts."""
    if isinstance(node, dict):
        return {key: shape(value) for key, value in node.items()}
    return [shape(value) for value in node] if isinstance(node, list) else type(node)


def variables(node: Any) -> set[str]:
    """What Docker Compose would replace."""
    return set(re.findall(r"\$\{[^}]*\}?|\$\w+", str(node).replace("$$", "")))


def test_every_kind_is_tried_here_or_with_the_other_sites() -> None:
    own_file = {"compose"}  # what its users write themselves
    assert {kind for kind, _ in models()} == {*KINDS, *test_no_escape.SITES, *own_file}


@pytest.mark.parametrize(("kind", "field"), FIELDS)
@QUIET
@given(value=HOSTILE)
def test_a_compose_file_keeps_its_shape_and_replaces_nothing_more(kind: str, field: str, value: str) -> None:
    values = changed(kind, field, value)
    if not accepted(kind, values):
        return
    files = rendered(kind, values)
    found = compose(files)
    assert (set(files), shape(found), variables(found)) == before(kind)


@pytest.mark.parametrize("kind", KINDS)
@QUIET
@given(value=HOSTILE)
def test_a_container_gets_exactly_the_value(kind: str, value: str) -> None:
    values = changed(kind, "environment", value)
    if not accepted(kind, values):
        return
    found = [
        container["environment"]["KEY"]
        for container in compose(rendered(kind, values))["services"].values()
        if "KEY" in container.get("environment", {})
    ]
    assert found
    assert {text.replace("$$", "$") for text in found} == {value}
    assert "$" not in "".join(found).replace("$$", "")


@QUIET
@given(name=st.sampled_from(["NO", "null", "True", "y", "off", "A"]))
def test_names_that_yaml_takes_for_something_else_stay_names(name: str) -> None:
    found = compose(rendered("ntfy", {"environment": {name: "x"}}))
    assert found["services"]["ntfy"]["environment"][name] == "x"


@pytest.mark.parametrize("field", ["probe", "tag", "max_upload", "environment"])
@QUIET
@given(value=HOSTILE)
def test_nginx_sees_the_same_directives(field: str, value: str) -> None:
    if not accepted("ntfy", changed("ntfy", field, value)):
        return
    assert shapes(nginx_file(rendered("ntfy", changed("ntfy", field, value)))) == shapes(
        nginx_file(rendered("ntfy", SITES["ntfy"]))
    )


READ_BACK = """
set -euo pipefail
source "$1"
printf '%s\\0' "$NAME" "$DOMAIN" "$PROJECT" "$DIRECTORY" "$PROBE"
"""


@QUIET
@given(probe=HOSTILE)
def test_bash_reads_back_exactly_the_value(probe: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    if not accepted("ntfy", {"probe": probe}):
        return
    folder = tmp_path_factory.mktemp("bash")
    (folder / "values").write_text(rendered("ntfy", {"probe": probe})[f"/etc/deploy/sites/{DOMAIN}.conf"])
    said = subprocess.run(
        ["bash", "-c", READ_BACK, "bash", folder / "values"],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.split("\0")[:-1] == [DOMAIN, DOMAIN, "site-example-org", f"/opt/{DOMAIN}", probe]
    assert [path.name for path in folder.iterdir()] == ["values"]


@QUIET
@given(value=HOSTILE)
def test_a_secret_that_stands_in_sites_yaml_is_refused_and_not_repeated(value: str) -> None:
    values = {**SERVICES["gitea-runner"], "token": f"{MARKER}{value}"}
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(document("gitea-runner", values))
    assert MARKER not in str(caught.value.errors()[0]["ctx"]["error"])


def test_the_image_of_the_forum_has_no_value_of_the_user_in_it() -> None:
    hostile = {**SITES["phpbb"], "title": "'; $(rm) \"", "email": "me+x@example.org"}
    files, before = rendered("phpbb", hostile), rendered("phpbb", SITES["phpbb"])
    image = {path: text for path, text in files.items() if "/image/" in path}
    assert len(image) == 5
    assert image == {path: before[path] for path in image}
