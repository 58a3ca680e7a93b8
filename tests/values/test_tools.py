"""Tools of a build, as sites.yaml names them."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import deployer
from deployer.kinds.static import Static
from deployer.values.tools import TOOLS, tools_of

SITE = {"kind": "static", "repository": "https://git.example.org/a.git", "build": "build.sh"}
DIGEST = "a" * 64


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"tools": {"ruby": "3"}}, "'ruby' is no tool that is known here: node, go"),
        ({"tools": {"node": "latest"}}, "'latest' is not a version such as 22, 1.26"),
        ({"tools": {"node": "22 $(id)"}}, "is not a version such as"),
        ({"tools": {"node": "22@sha256:abc"}}, "is not a version such as"),
        ({"tools": {"dart-sass": "1.90.0"}}, "dart-sass has no list of digests"),
        ({"tools": {"zola": f"0.21@sha256:{DIGEST}"}}, "write all of its version"),
        (
            {"tools_from": {"go": "https://a.example.org"}},
            "tools_from says where go is, and `tools:` has none",
        ),
        ({"tools": {"go": "1.26"}, "tools_from": {"go": "ftp://a.example.org"}}, "is not an address"),
        (
            {"tools": {"go": "1.26"}, "tools_from": {"go": "http://a.example.org"}},
            "go would come by http://, its list of digests too, which proves nothing: name an https:",
        ),
        (
            {"tools": {"go": "1.26"}, "tools_from": {"go": "http://127.0.0.1:80@a.example.org/"}},
            "http://127.0.0.1:80@a.example.org",
        ),
        (
            {"build_secrets": {"TOKEN": "env:TOKEN"}, "environment": {"TOKEN": "x"}},
            "build_secrets and environment both have TOKEN",
        ),
        ({"folder": "../elsewhere"}, "folder"),
        ({"build_packages": ["-y"]}, "'-y' is not the name of a package"),
        ({"build_packages": ["a b"]}, "'a b' is not the name of a package"),
    ],
)
def test_what_names_no_tool_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        Static.model_validate(SITE | values)


def test_they_stand_in_the_values_of_the_push_with_where_they_come_from() -> None:
    tools = {"node": "22", "dart-sass": f"1.90.0@sha256:{DIGEST}"}
    site = Static.model_validate(
        SITE | {"tools": tools, "tools_from": {"node": "https://mirror.example.org/node/"}}
    )
    values = site.push_values("a.example.org")["/etc/deploy/sites/a.example.org.conf"].content.decode()
    sass = f"'dart-sass 1.90.0 {TOOLS['dart-sass']} {DIGEST}'"
    assert f"\nTOOLS=('node 22 https://mirror.example.org/node' {sass})\n" in values
    assert "imagemagick" in Static.model_validate(SITE | {"build_packages": ["imagemagick"]}).packages()


def test_a_digest_of_ones_own_and_the_server_itself_need_no_https() -> None:
    for place, version in (
        ("http://a.example.org", f"1.26@sha256:{DIGEST}"),
        ("http://127.0.0.1:80/", "1.26"),
    ):
        Static.model_validate(SITE | {"tools": {"go": version}, "tools_from": {"go": place}})


def test_what_sites_yaml_knows_the_server_can_find() -> None:
    script = Path(deployer.__file__).parent / "server/installed/lib/publication/tools"
    found = re.findall(
        r"^        ([a-z-]+)\)", script.read_text().partition("case $name in")[2], re.MULTILINE
    )
    assert sorted(found) == sorted(TOOLS)
    assert tools_of({"zola": f"0.21.0@sha256:{DIGEST}"}, {}) == (("zola", "0.21.0", TOOLS["zola"], DIGEST),)
