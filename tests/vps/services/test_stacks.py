"""A compose file as its project publishes it, with what is laid over it."""

from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import HEALTHY, REGISTRY, SERVE, environment_of, registry_of

UPSTREAM = """name: shop
services:
  web:
    image: {image}
    command: ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]
    ports:
      - ${{EXPOSE_PORT-:8191:80}}
      - "8192:80"
    environment: [WHOSE=theirs, KEPT=yes]
    volumes: ["./data:/data"]
    stop_signal: SIGKILL
"""
OVER = """services:
  web:
    environment: {WHOSE: ours}
    ports: !override ["8191:80", "8192:80"]
"""


@pytest.fixture
def project(vps: Machine, tmp_path: Path) -> Project:
    registry_of(vps).push("shop", SERVE, {"Healthcheck": HEALTHY}, "well")
    (tmp_path / "upstream").mkdir()
    (tmp_path / "upstream/docker-compose.yml").write_text(UPSTREAM.format(image=f"{REGISTRY}/shop:1"))
    (tmp_path / "ours.yml").write_text(OVER)
    service = {"kind": "compose", "file": "upstream/docker-compose.yml", "port": 8191, "public": [8192]}
    service |= {"override": "ours.yml", "https": False, "wait": "60s", "watch": "0"}
    return Project(tmp_path, vps, None, {"shop.test": service})


def test_a_published_compose_file_stays_as_it_came(project: Project) -> None:
    vps = project.vps
    plan = project.deploy("plan").stdout
    assert "its service web publishes '8191:80' to everyone: docker-compose.deploy.yml binds it" in plan
    assert '    +      - "127.0.0.1:8191:80"\n' in plan
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("shop.test", scheme="http") == (200, "well\n")
    listening = vps.run("ss --no-header --listening --tcp --numeric | awk '{ print $4 }'").stdout.split()
    assert [each for each in listening if each.endswith(":8191")] == ["127.0.0.1:8191"]
    assert "0.0.0.0:8192" in listening
    assert {"WHOSE=ours", "KEPT=yes"} <= {*environment_of(vps, "shop-web-1")}
    here = (project.folder / "upstream/docker-compose.yml").read_text()
    assert vps.run("cat /opt/shop.test/docker-compose.upstream.yml").stdout == here
    by_hand = vps.run(
        "cd /opt/shop.test && docker compose ps --format '{{.Name}}' && docker compose config -q"
    )
    assert (by_hand.stdout, by_hand.stderr) == ("shop-web-1\n", "")
    assert vps.run("test -d /opt/shop.test/data", check=False).returncode == 0
    assert project.plan()["empty"]
    assert project.deploy("push", "shop.test").returncode == 0

    (project.folder / "ours.yml").write_text(
        OVER.replace("web:", "web:\n    command: ['/bin/busybox', 'false']")
    )
    failed = project.apply()
    assert failed.returncode == 1
    assert "shop.test goes back to what it was" in failed.stderr
    assert project.get("shop.test", scheme="http") == (200, "well\n")
    assert vps.run("cat /opt/shop.test/docker-compose.override-1.yml").stdout == OVER

    del project.sites["shop.test"]["override"]
    assert project.apply().returncode == 0
    assert "WHOSE=theirs" in environment_of(vps, "shop-web-1")
    assert vps.run("ls /opt/shop.test").stdout.split() == [
        "data",
        "docker-compose.deploy.yml",
        "docker-compose.upstream.yml",
        "docker-compose.yml",
    ]
