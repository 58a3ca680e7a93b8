"""What every rendered compose file has, whatever the kind: it is read at night, and must not surprise."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.kinds import models
from deployer.kinds.composition import Composition
from deployer.kinds.service import Service
from deployer.planning.stages import NOT_LOOKED_AT
from deployer.values.quantities import size
from golden.server import config, facts, golden

TEMPLATES = Path(__file__).parents[2] / "templates/compose"
RENDERED = {
    name: composition
    for name, composition in config("services").compositions.items()
    if isinstance(composition, Service) and name != "coming.example.org"
}
KINDS = {"build", "image", "command", "init", "environment", "ports", "volumes", "depends_on"} | {
    *("cap_add", "sysctls", "healthcheck", "restart", "mem_limit", "logging")
}


def text(name: str) -> str:
    return golden("debian-13", "services").files[f"/opt/{name}/docker-compose.yml"].content.decode()


@cache
def file(name: str) -> dict[str, Any]:
    return yaml.safe_load(text(name))


def containers(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from file(name)["services"].items()


def test_every_kind_with_a_template_is_rendered() -> None:
    every = {kind for kind, model in models() if issubclass(model, Service)}
    assert {composition.kind for composition in RENDERED.values()} == every
    assert every


@pytest.mark.parametrize("name", RENDERED)
def test_its_services_are_known_before_the_server_is(name: str) -> None:
    jobs = {"migrate"}
    assert RENDERED[name].services(name, NOT_LOOKED_AT) == {*file(name)["services"]} - jobs


@pytest.mark.parametrize("name", RENDERED)
def test_it_has_a_name_and_no_version(name: str) -> None:
    assert file(name)["name"] == name.replace(".", "-") == RENDERED[name].project(name)
    assert {*file(name)} <= {"name", "x-logs", "services", "networks"}


@pytest.mark.parametrize("name", RENDERED)
def test_every_container_is_watched_and_bounded(name: str) -> None:
    for service, container in containers(name):
        assert {*container} <= KINDS, service
        assert container["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "3"},
        }
        assert size(container["mem_limit"]) >= 64 << 20
        if service == "migrate":
            assert container["restart"] == "no"
            assert "healthcheck" not in container
        else:
            assert container["restart"] == "unless-stopped"
            assert {*container["healthcheck"]} == {"test", "interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize("name", RENDERED)
def test_nothing_but_the_vpn_is_open_to_everyone(name: str) -> None:
    open_ports = []
    for _, container in containers(name):
        assert "network_mode" not in container
        for port in container.get("ports", ()):
            if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
                open_ports.append(port)
    wanted = [f"{port.removesuffix('/udp')}:{port}" for port in RENDERED[name].public_ports()]
    assert open_ports == wanted
    assert bool(wanted) == (RENDERED[name].kind == "wireguard")


@pytest.mark.parametrize("name", RENDERED)
def test_nginx_finds_it_at_its_port(name: str) -> None:
    published = [
        p.split(":")[1] for _, c in containers(name) for p in c.get("ports", ()) if p.startswith("127.")
    ]
    assert published == [str(port) for port in RENDERED[name].local_ports()]


@pytest.mark.parametrize("name", RENDERED)
def test_secrets_are_variables_of_env_and_nothing_else(name: str) -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", text(name)))
    assert used == set(RENDERED[name].secrets())
    assert all(f"${{{variable}:?is missing in .env}}" in text(name) for variable in used)


@pytest.mark.parametrize("name", RENDERED)
def test_data_is_in_its_folder(name: str) -> None:
    shared = {"/var/run/docker.sock", "/etc/localtime", "/lib/modules"}
    for _, container in containers(name):
        for volume in container.get("volumes", ()):
            assert volume.startswith("./") or volume.split(":")[0] in shared


@pytest.mark.parametrize("name", RENDERED)
def test_databases_are_healthy_before_what_needs_them(name: str) -> None:
    found = dict(containers(name))
    for service, container in found.items():
        for other, how in container.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other == "migrate" else "service_healthy"
            assert how == {"condition": wanted}
            assert other in found, service
    if {"db", "valkey"} & {*found}:
        assert any("depends_on" in container for container in found.values())


@pytest.mark.parametrize("name", RENDERED)
def test_images_have_the_tag_of_a_version(name: str) -> None:
    images = [container["image"] for _, container in containers(name) if "image" in container]
    assert sorted(images) == sorted(RENDERED[name].images())
    for image in images:
        assert re.search(r":v?\d", image) or image == "searxng/searxng:latest"
    assert RENDERED[name].built() == any("build" in container for _, container in containers(name))


@pytest.mark.parametrize("name", RENDERED)
def test_what_is_backed_up_is_there(name: str) -> None:
    backup = RENDERED[name].backs_up()
    found = dict(containers(name))
    mounted = {
        v.split(":")[0][2:] for c in found.values() for v in c.get("volumes", ()) if v.startswith("./")
    }
    for path in (*backup.paths, *backup.databases):
        assert any(f"{path}/".startswith(f"{m}/") or f"{m}/".startswith(f"{path}/") for m in mounted)
    if "db" in found:
        assert backup.dump.startswith("/usr/local/lib/deploy/bin/database ")
        engine = backup.dump.split()[1]
        assert engine in found["db"]["image"]
        assert {"postgres": "POSTGRES_USER", "mariadb": "MARIADB_ROOT_PASSWORD"}[engine] in found["db"][
            "environment"
        ]


def test_all_of_them_fit_into_four_gigabytes() -> None:
    each = {
        composition.kind: name for name, composition in RENDERED.items() if name != "analytics.example.org"
    }
    together = sum(size(c["mem_limit"]) for name in each.values() for _, c in containers(name))
    # Umami has less in the golden file than by default.
    together += (512 + 256) << 20
    assert together <= 3500 << 20


def test_every_template_belongs_to_a_kind() -> None:
    kinds = {kind for kind, model in models() if issubclass(model, Service)}
    known = {f"{kind}.yml" for kind in kinds} | {
        "service.yml",
        "every.yml",
        "app.yml",
        "gitea-runner.config.yaml",
        "phpbb",
        "searxng.limiter.toml",
    }
    assert {path.name for path in TEMPLATES.iterdir()} == known


def vpn(name: str, docker: tuple[int, int, int] | None) -> dict[str, Any]:
    """The compose file of a VPN on a server with this Docker."""
    found = RENDERED[name].files(name, facts("debian-13").having(docker=docker))
    return yaml.safe_load(found[f"/opt/{name}/docker-compose.yml"].content)


VPNS = [name for name, composition in RENDERED.items() if composition.kind == "wireguard"]


def test_projects_of_the_same_kind_do_not_share_a_network() -> None:
    subnets = [vpn(name, (28, 0, 0))["networks"]["default"]["ipam"]["config"][0]["subnet"] for name in VPNS]
    assert len(set(subnets)) == len(VPNS) == 2
    assert all(subnet.startswith("fd") for subnet in subnets)


@pytest.mark.parametrize("name", VPNS)
def test_a_vpn_has_ipv6_only_where_docker_leads_it_out(name: str) -> None:
    for docker, there in (((26, 1, 5), False), ((27, 0, 0), True), (None, True)):
        found = vpn(name, docker)
        assert ("networks" in found) == there
        assert found["services"]["wireguard"]["environment"]["DISABLE_IPV6"] == ("false" if there else "true")
        assert any("ipv6" in key for key in found["services"]["wireguard"]["sysctls"]) == there
    assert (
        file(name)["services"]["wireguard"]["environment"]["DISABLE_IPV6"] == "true"
    )  # Debian 13 brings 26.1


def test_whom_the_limiter_of_searxng_believes() -> None:
    (name,) = (name for name, composition in RENDERED.items() if composition.kind == "searxng")
    content = golden("debian-13", "services").files[f"/opt/{name}/limiter.toml"].content.decode()
    networks = [ip_network(each) for each in tomllib.loads(content)["botdetection"]["trusted_proxies"]]
    for proxy in ("127.0.0.1", "172.17.0.1", "172.31.255.1", "192.168.16.1", "10.8.0.1", "fd12::1"):
        assert any(ip_address(proxy) in network for network in networks)
    for visitor in ("203.0.113.9", "172.32.0.1", "2001:db8::9", "fe80::1"):
        assert not any(ip_address(visitor) in network for network in networks)
    without = RENDERED[name].model_copy(update={"limiter": False}).files(name, facts("debian-13"))
    assert f"/opt/{name}/limiter.toml" not in without
    assert b"limiter.toml" not in without[f"/opt/{name}/docker-compose.yml"].content


def test_a_composition_needs_docker_and_what_it_is_built_with() -> None:
    for composition in config("services").compositions.values():
        assert isinstance(composition, Composition)
        assert ("git" in composition.packages()) == composition.built()


@pytest.mark.parametrize("name", RENDERED)
def test_a_service_in_a_folder_of_another_name_has_everything_there(name: str) -> None:
    moved = RENDERED[name].model_copy(update={"directory": "/opt/there/already"})
    found = moved.files(name, facts("debian-13"))
    assert found["/opt/there/already/docker-compose.yml"]
    assert not [path for path in found if path.startswith(f"/opt/{name}")]
    assert not [path for path, file in found.items() if f"/opt/{name}".encode() in file.content]
