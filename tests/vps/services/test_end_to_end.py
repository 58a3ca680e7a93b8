"""A service in containers as its user sees it: from sites.yaml to healthy, changed, and removed."""

import json
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import HEALTHY, REGISTRY, SERVE, registry_of

REDIRECT = {"kind": "redirect", "to": "https://example.org", "https": False}
COMPOSE = """services:
  app:
    image: {image}
    command: {command}
    ports: ["127.0.0.1:8090:80"]
    environment: {{PASSWORD: "${{PASSWORD}}", TOKEN: "${{TOKEN}}"}}
    volumes: ["data:/data"]
    stop_signal: SIGKILL
volumes:
  data: {{}}
"""
WELL = '["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]'
HOSTILE = 'it\'s $HOME `id` "quoted" \\ and\nMORE=lines\n'


@pytest.fixture
def project(vps: Machine, tmp_path: Path) -> Project:
    image = f"{REGISTRY}/whole:1"
    registry_of(vps).push("whole", SERVE, {"Healthcheck": HEALTHY}, "well")
    service = {"kind": "compose", "file": "app.yml", "port": 8090, "https": False, "wait": "60s"}
    service["secrets"] = {"PASSWORD": "generate", "TOKEN": "env:TOKEN"}
    project = Project(tmp_path, vps, None, {"whole.test": service, "other.test": REDIRECT})
    (tmp_path / "app.yml").write_text(COMPOSE.format(image=image, command=WELL))
    return project


def test_a_service_from_sites_yaml_to_its_end(project: Project) -> None:
    vps = project.vps
    missing = project.deploy("apply", "--yes")
    assert missing.returncode == 2
    assert "the environment has no TOKEN" in missing.stderr

    plan = project.deploy("plan", TOKEN=HOSTILE)
    assert "+ secret PASSWORD in /opt/whole.test/.env (generated on the server)" in plan.stdout
    applied = project.deploy("apply", "--yes", TOKEN=HOSTILE)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")
    assert vps.run("stat -c '%a %U' /opt/whole.test/.env").stdout == "600 root\n"
    password = project.deploy("secret", "show", "whole.test", "PASSWORD").stdout.strip()
    assert len(password) >= 32
    assert project.deploy("secret", "show", "whole.test", "TOKEN").stdout == f"{HOSTILE}\n"
    inside = vps.run("docker exec wholetest-app-1 /bin/busybox env").stdout
    assert f"PASSWORD={password}\n" in inside
    assert f"TOKEN={HOSTILE}\n" in inside
    for said in (plan.stdout, applied.stdout, applied.stderr, vps.run("cat /var/log/deploy/*").stdout):
        assert HOSTILE not in said
        assert password not in said

    again = project.deploy("plan", "--json", TOKEN=HOSTILE)
    assert again.returncode == 0, again.stdout
    changed = project.deploy("apply", "--yes", TOKEN="other")
    assert "~ secret TOKEN in /opt/whole.test/.env" in changed.stdout
    assert "TOKEN=other\n" in vps.run("docker exec wholetest-app-1 /bin/busybox env").stdout
    assert project.deploy("secret", "show", "whole.test", "PASSWORD").stdout.strip() == password

    (container,) = json.loads(project.deploy("services", "--json").stdout)
    assert (container["service"], container["health"], container["fine"]) == ("app", "healthy", True)
    assert container["ports"] == ["127.0.0.1:8090→80/tcp"]
    assert "is the newest" in project.deploy("update", "--check").stdout
    assert project.deploy("push", "whole.test").returncode == 0

    del project.sites["whole.test"]
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "- containers of whole.test: stopped and removed; volumes stay" in gone.stdout
    assert vps.run("docker ps -aq --filter label=com.docker.compose.project=wholetest").stdout == ""
    assert "wholetest_data" in vps.run("docker volume ls -q").stdout
    assert project.plan()["empty"]


def test_a_change_that_is_not_well_leaves_what_was_there(project: Project) -> None:
    assert project.deploy("apply", "--yes", TOKEN="x").returncode == 0
    good = (project.folder / "app.yml").read_text()
    (project.folder / "app.yml").write_text(
        good.replace(WELL, '["/bin/busybox", "sh", "-c", "echo broken; exit 3"]')
    )
    project.sites["other.test"] = {**REDIRECT, "code": 302}
    failed = project.deploy("apply", "--yes", TOKEN="x")
    assert failed.returncode == 1
    assert "broken" in failed.stderr
    assert "whole.test goes back to what it was; everything else stays live" in failed.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")
    assert project.get("other.test", scheme="http")[0] == 302
    assert project.vps.run("cat /opt/whole.test/docker-compose.yml").stdout == good

    (project.folder / "app.yml").write_text(good.replace("image:", "imagine:"))
    refused = project.deploy("apply", "--yes", TOKEN="x")
    assert refused.returncode in (1, 2)
    assert "imagine" in refused.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")
