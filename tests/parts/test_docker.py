"""Where Docker comes from: what sites.yaml says, what is there, or what the release has."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.parts.docker import KEY, SOURCES
from deployer.planning.desired import Desired
from deployer.planning.stages import in_the_end
from deployer.seen.facts import Facts, Programs

DEBIAN = frozenset({"docker.io", "docker-cli", "docker-compose"})
UBUNTU = frozenset({"docker.io", "docker-compose-v2"})
OWN = frozenset(
    {"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"}
)
ALWAYS = {"nginx", "curl", "logrotate"}
BASE = ALWAYS | {"jq"}
FRESH = Facts("debian", "13")
OLD = Facts("debian", "12")


def desired(facts: Facts, packages: str | None = None, **more: Any) -> Desired:
    document = {"services": {"watchtower": {"kind": "watchtower"}}, "security": False, **more}
    if packages:
        document["docker"] = {"packages": packages}
    return in_the_end(Config.model_validate(document), facts)


@pytest.mark.parametrize(
    ("facts", "packages", "sources", "way"),
    [
        (FRESH, DEBIAN, False, "the packages of Debian 13, which bring Compose v2"),
        (Facts("ubuntu", "24.04"), UBUNTU, False, "the packages of Ubuntu 24.04, which bring Compose v2"),
        (OLD, OWN, True, "docker.com: Debian 12 has no package of Compose v2"),
        (Facts("ubuntu", "22.04"), OWN, True, "docker.com: Ubuntu 22.04 has no package of Compose v2"),
        (replace(OLD, packages=frozenset({"docker.io"})), OWN, True, "docker.com: Debian 12 has no"),
    ],
)
def test_a_fresh_server(facts: Facts, packages: frozenset[str], sources: bool, way: str) -> None:
    found = desired(facts)
    assert found.packages == BASE | packages
    assert found.sources == (frozenset({SOURCES, KEY}) if sources else frozenset())
    assert found.sources <= found.files.keys()
    assert found.notes[0].startswith(f"Docker comes from {way}")
    assert "docker.service" in found.units


def test_without_containers_nothing_of_docker() -> None:
    found = desired(OLD, services={}, sites={"a.example.org": {"kind": "proxy", "port": 1, "https": False}})
    assert found.packages == ALWAYS | {"libnginx-mod-http-brotli-filter"}
    assert found.units == {"nginx.service"}
    assert (found.sources, found.notes, found.secrets) == (frozenset(), (), {})
    assert not [path for path in found.files if "docker" in path or "/opt/" in path]


def test_what_sites_yaml_says_counts() -> None:
    found = desired(FRESH, "docker.com")
    assert found.packages == BASE | OWN
    assert "Suites: trixie\n" in found.files[SOURCES].content.decode()
    assert found.notes[0] == "Docker comes from docker.com, as sites.yaml says"
    with pytest.raises(DeployError, match="Debian 12 has no package of Compose v2"):
        desired(OLD, "distribution")


def test_what_is_installed_stays() -> None:
    own = replace(FRESH, packages=OWN, docker_repository="/etc/apt/x.list").having(
        docker=(29, 0, 0), compose=(5, 0, 0)
    )
    found = desired(own)
    assert found.packages == BASE | OWN
    assert not found.sources
    ours = replace(own, docker_repository="")
    assert desired(ours).sources == {SOURCES, KEY}
    by_hand = OLD.having(docker=(20, 10, 24), compose=(2, 26, 1))
    assert desired(by_hand).packages == BASE
    half = replace(by_hand, packages=frozenset({"docker.io", "docker-compose"}))
    assert desired(half).packages == BASE | {"docker.io"}
    assert not desired(half).sources


def test_what_cannot_stand_beside_docker_s_own_packages_goes() -> None:
    there = replace(FRESH, packages=DEBIAN | {"containerd", "runc", "git"}).having(
        docker=(26, 1, 5), compose=(2, 26, 1)
    )
    assert desired(there).in_the_way == frozenset()
    found = desired(there, "docker.com")
    assert found.in_the_way == DEBIAN | {"containerd", "runc"}
    assert "all containers stop for a moment" in " ".join(found.notes)
    assert desired(replace(there, packages=OWN), "docker.com").in_the_way == frozenset()


@pytest.mark.parametrize("engine", [(20, 10, 24), (27, 9, 9), (28, 0, 0)])
def test_the_age_of_an_engine_is_a_matter_of_the_audit(engine: Any) -> None:
    there = replace(FRESH, packages=DEBIAN).having(docker=engine, compose=(2, 26, 1))
    assert not [note for note in (*desired(there).notes, *desired(FRESH).notes) if "127.0.0.1" in note]


@pytest.mark.parametrize(
    ("there", "missing", "told"),
    [
        (replace(FRESH, packages=DEBIAN - {"docker-cli"}), {"docker-cli"}, "docker-cli brings it"),
        (replace(Facts("ubuntu", "26.04"), packages=UBUNTU), {"docker-cli"}, "docker-cli brings it"),
        (replace(OLD, packages=frozenset({"docker.io"})), set(), "install it on the server"),
        (replace(FRESH, packages=OWN - {"docker-ce-cli"}), {"docker-ce-cli"}, "docker-ce-cli brings it"),
        (FRESH, set(), "install it on the server"),
    ],
)
def test_the_client_comes_where_only_the_engine_is_there(there: Facts, missing: Any, told: str) -> None:
    there = replace(there, programs=Programs(docker_client=False)).having(
        docker=(28, 0, 0), compose=(2, 26, 1)
    )
    found = desired(there)
    assert found.packages - there.packages - BASE == missing
    assert (
        found.notes[0] == f"the program docker is missing, without which nobody can speak to Docker: {told}"
    )
    assert (
        not desired(replace(there, programs=Programs())).packages - there.packages - BASE - {"docker-ce-cli"}
    )


def test_the_engine_that_runs_is_the_one_that_counts() -> None:
    there = replace(FRESH, packages=DEBIAN).having(docker=(28, 1, 0), compose=(2, 26, 1))
    told = desired(replace(there, programs=Programs(outdated={"docker": (26, 1, 5)}))).notes
    assert told[0].startswith("Docker 28.1.0 is installed, and 26.1.5 still runs: systemctl restart docker ")
    assert not [note for note in told[1:] if note.startswith("Docker")]
    assert not [note for note in desired(there).notes if note.startswith("Docker")]


def test_the_sources_are_those_of_this_release() -> None:
    text = desired(Facts("ubuntu", "26.10", codename="odd")).files[SOURCES].content.decode()
    assert "URIs: https://download.docker.com/linux/ubuntu\nSuites: odd\nComponents: stable\n" in text
    assert f"Signed-By: {KEY}\n" in text
    with pytest.raises(DeployError, match=r"Ubuntu 26\.10: Docker has no packages for it"):
        desired(Facts("ubuntu", "26.10"))


def test_the_key_is_docker_s() -> None:
    """By RFC 4880: the fingerprint is the SHA-1 of the first packet, which is the public key."""
    armor = desired(OLD).files[KEY].content.decode()
    assert armor.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n")
    body = "".join(line for line in armor.splitlines()[2:-2] if not line.startswith("="))
    packet = base64.b64decode(body)
    assert packet[0] == 0x99  # a public key, with a length of two bytes
    length = int.from_bytes(packet[1:3], "big")
    fingerprint = hashlib.sha1(packet[: 3 + length]).hexdigest().upper()
    assert fingerprint == "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
    told = desired(OLD).files[SOURCES].content.decode().replace(" ", "")
    assert fingerprint in told
