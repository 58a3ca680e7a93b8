"""The one table of releases: complete where it has to be, and nobody else knows one by name."""

import ast
import re
from pathlib import Path

import deployer
from deployer.seen.facts import Facts
from deployer.seen.releases import (
    BOOTABLE,
    CODENAMES,
    KNOWN,
    OLDEST_NGINX,
    RELEASES,
    UNKNOWN,
    USUAL,
    release_of,
)

HOUSE = Path(deployer.__file__).parent
NAMES = re.compile(rf"debian|ubuntu|(debian|ubuntu)-[0-9.]+|2[0-9]\.(04|10)|{'|'.join(CODENAMES)}")

OTHERWISE = {("socket_io.py", "sid")}
"""In Socket.IO it is the key of a connection's number."""


def test_nobody_else_knows_a_release() -> None:
    texts = {path: path.read_text() for path in (*HOUSE.rglob("*.py"), *HOUSE.rglob("*.sh"))}
    said = [
        (path.name, word)
        for path, text in texts.items()
        for word in (
            [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
            if path.suffix == ".py"
            else re.findall(r"[\w.-]+", re.sub(r"#.*", "", text))
        )
        if isinstance(word, str) and NAMES.fullmatch(word)
    ]
    assert {name for name, _ in {*said} - OTHERWISE} == {"releases.py"}, said


def test_of_those_that_we_support_all_is_known() -> None:
    assert [*KNOWN] == ["debian-12", "debian-13", "ubuntu-24.04", "ubuntu-26.04"]
    assert BOOTABLE == {"debian-12": "bookworm", "debian-13": "trixie"}
    assert all(release.codename for release in RELEASES.values())
    assert all(release.docker or name == "debian-12" for name, release in KNOWN.items())
    assert release_of(*USUAL).docker


def test_one_that_is_not_listed_has_nothing() -> None:
    assert release_of("debian", "99") is UNKNOWN
    assert Facts("debian", "99").nginx_version == OLDEST_NGINX
