"""Whatever a value of a service is, it stays a value in its compose file, its image, and bash."""

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deployer.config.model import Config
from deployer.kinds import models
from deployer.planning.desired import desired_files
from deployer.seen.facts import Certificate, Facts
from desired import test_no_escape
from desired.hostile import hostile_values
from desired.test_no_escape import nginx_file, shapes

DOMAIN = "site.example.org"
NAME = "service"
SITES: Mapping[str, dict[str, Any]] = {
    "ntfy": {"environment": {"KEY": "value"}, "tag": "v2", "memory": "128M", "probe": "/x"},
    "searxng": {"environment": {"KEY": "value"}, "max_upload": "1M"},
    "shhh": {"environment": {"KEY": "value"}, "tag": "3.2.4"},
    "uptime-kuma": {"environment": {"KEY": "value"}, "tag": "2", "memory": "128M"},
    "umami": {"environment": {"KEY": "value"}, "tag": "3"},
    "phpbb": {"email": "me@example.org", "title": "Forum", "tag": "3.3.17", "environment": {"KEY": "value"}},
    "app": {
        "repository": "https://git.example.org/a.git",
        "branch": "main",
        "context": "server",
        "dockerfile": "Dockerfile",
        "port": "3000",
        "environment": {"KEY": "value"},
        "memory": "128M",
        "command": "node server.js",
        "release": "node migrate.js",
    },
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
COUNT = 60
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
    return {path: desired.files[path].content.decode() for path in desired.site_of if path in desired.files}


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


@pytest.mark.in_turns
@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_compose_file_keeps_its_shape_and_replaces_nothing_more(kind: str, field: str) -> None:
    for value in hostile_values(COUNT):
        values = changed(kind, field, value)
        if not accepted(kind, values):
            continue
        files = rendered(kind, values)
        found = compose(files)
        assert (set(files), shape(found), variables(found)) == before(kind), value
        if field == "environment":
            containers_get(value, found)


def containers_get(value: str, found: dict[str, Any]) -> None:
    """Exactly the value, when Docker Compose has replaced what it would replace."""
    given = [
        container["environment"]["KEY"]
        for container in found["services"].values()
        if "KEY" in container.get("environment", {})
    ]
    assert given
    assert {text.replace("$$", "$") for text in given} == {value}
    assert "$" not in "".join(given).replace("$$", "")


def test_every_kind_is_asked_what_its_containers_get() -> None:
    assert {kind for kind, field in FIELDS if field == "environment"} == KINDS.keys()


def test_names_that_yaml_takes_for_something_else_stay_names() -> None:
    names = ("NO", "null", "True", "y", "off", "A")
    found = compose(rendered("ntfy", {"environment": dict.fromkeys(names, "x")}))
    assert set(names) <= found["services"]["ntfy"]["environment"].keys()


@pytest.mark.parametrize("field", ["probe", "tag", "max_upload", "environment"])
def test_nginx_sees_the_same_directives(field: str) -> None:
    meant = shapes(nginx_file(rendered("ntfy", SITES["ntfy"])))
    for value in hostile_values(COUNT):
        if accepted("ntfy", changed("ntfy", field, value)):
            assert shapes(nginx_file(rendered("ntfy", changed("ntfy", field, value)))) == meant, value


READ_BACK = """
set -euo pipefail
for values; do (source "./$values" && printf '%s\\0' "$NAME" "$DOMAIN" "$PROJECT" "$DIRECTORY" "$PROBE"); done
"""


def test_bash_reads_back_exactly_the_value(tmp_path: Path) -> None:
    paths = ["/plain", *(f"/{value}" for value in hostile_values(2 * COUNT))]
    probes = [path for path in paths if accepted("ntfy", {"probe": path})]
    assert probes
    for number, probe in enumerate(probes):
        values = rendered("ntfy", {"probe": probe})[f"/etc/deploy/sites/{DOMAIN}.conf"]
        (tmp_path / f"values-{number}").write_text(values)
    names = [f"values-{number}" for number in range(len(probes))]
    said = subprocess.run(
        ["bash", "-c", READ_BACK, "bash", *names], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")
    fixed = [DOMAIN, DOMAIN, "site-example-org", f"/opt/{DOMAIN}"]
    assert said.stdout.split("\0")[:-1] == [word for probe in probes for word in (*fixed, probe)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_secret_that_stands_in_sites_yaml_is_refused_and_not_repeated() -> None:
    for value in hostile_values(COUNT):
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
