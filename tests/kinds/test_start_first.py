"""Which sites start the next container beside the one that is live, and at which ports."""

from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from deployer.config.loader import load
from deployer.errors import ConfigError
from deployer.kinds.app import App
from deployer.kinds.compose import ComposeSite
from deployer.kinds.start_first import EPHEMERAL, second_port

APP = {"kind": "app", "repository": "https://git.example.org/shop.git", "port": 3000}


def app(**more: object) -> App:
    return TypeAdapter(App).validate_python(APP | more)


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({}, True),
        ({"database": "postgres"}, True),
        ({"volumes": {"uploads": "/up"}}, False),
        ({"volumes": {"uploads": "/up"}, "replace": "start-first"}, True),
        ({"replace": "stop-first"}, False),
    ],
)
def test_an_application_without_volumes_starts_first(more: dict[str, object], first: bool) -> None:
    one = app(**more)
    assert bool(one.starts_first()) == first
    assert one.beside_ports() == ((23000,) if first else ())
    assert ("START_FIRST" in one.more_values("shop.example.org")) == first


def test_two_on_one_volume_are_told() -> None:
    assert "write to uploads at once" in app(volumes={"uploads": "/up"}, replace="start-first").remarks()[0]
    assert not app(volumes={"uploads": "/up"}).remarks()
    assert not app().remarks()


def test_each_of_several_has_two_ports() -> None:
    one = app(replicas=3, published=8100)
    assert one.local_ports() == (8100, 8101, 8102, 28100, 28101, 28102)
    assert app(replicas=2, replace="stop-first").local_ports() == (3000, 3001)


def test_a_second_port_is_a_port_and_none_that_the_kernel_gives_away() -> None:
    for port in range(1, 65536):
        other = second_port(port)
        assert 0 < other < 65536
        assert other != port
        assert other < EPHEMERAL or port > EPHEMERAL


def composed(folder: Path, service: str, **more: object) -> ComposeSite:
    (folder / "web.yml").write_text(f"services:\n  db: {{image: y}}\n  web: {{image: x, {service}}}\n")
    text = {
        "sites": {"web.test": {"kind": "compose", "file": "web.yml", "port": 8080, "https": False, **more}}
    }
    (folder / "sites.yaml").write_text(yaml.safe_dump(text))
    found = load(folder / "sites.yaml").sites["web.test"]
    assert isinstance(found, ComposeSite)
    return found


@pytest.mark.parametrize("port", ["8080:80", "127.0.0.1:8080:80/tcp", "0.0.0.0:8080:80"])
def test_a_service_of_a_compose_file_starts_first_where_that_is_said(tmp_path: Path, port: str) -> None:
    one = composed(tmp_path, f'ports: ["{port}"]', replace="start-first")
    assert one.starts_first() == "web"
    assert one.local_ports() == (8080, 28080)
    ours = yaml.safe_load(one.stack().files()["docker-compose.deploy.yml"].replace(b"!override", b""))
    (entry,) = ours["services"]["web"]["ports"]
    assert entry.removesuffix("/tcp") == "127.0.0.1:${DEPLOY_PORT:-8080}:80"
    assert not composed(tmp_path, f'ports: ["{port}"]').starts_first()


def test_a_port_that_is_published_by_sites_yaml_can_be_another(tmp_path: Path) -> None:
    one = composed(tmp_path, "ports: []", replace="start-first", publish={8080: "web:80"})
    assert one.starts_first() == "web"
    assert b"127.0.0.1:${DEPLOY_PORT:-8080}:80" in one.stack().files()["docker-compose.deploy.yml"]


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ('container_name: web, ports: ["8080:80"]', "container_name: one container alone can have a name"),
        (
            'ports: ["8080:80", "9090:90"]',
            "ports: 127.0.0.1:9090:90 can be published by one container alone",
        ),
    ],
)
def test_what_cannot_run_twice_at_once_is_told(tmp_path: Path, service: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed(tmp_path, service, replace="start-first")
    (problem,) = caught.value.problems
    assert f"services.web.{why}, so two cannot run at once" in str(problem)
    composed(tmp_path, service)


def test_what_two_would_write_to_is_told(tmp_path: Path) -> None:
    service = 'ports: ["8080:80"], volumes: ["./data:/data", "./conf:/conf:ro", "/cache"]'
    one = composed(tmp_path, service, replace="start-first")
    assert any("write to ./data at once" in each for each in one.remarks())
    assert not any("at once" in each for each in composed(tmp_path, service).remarks())
