"""A service in containers as its user sees it: from sites.yaml to healthy, changed, and removed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import HEALTHY, REGISTRY, SERVE, environment_of, file_in, registry_of

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
    service = {
        "kind": "compose",
        "file": "app.yml",
        "port": 8090,
        "https": False,
        "wait": "60s",
        "watch": "0",
    }
    service["secrets"] = {"PASSWORD": "generate", "TOKEN": "env:TOKEN"}
    project = Project(tmp_path, vps, None, {"whole.test": service, "other.test": REDIRECT})
    (tmp_path / "app.yml").write_text(COMPOSE.format(image=image, command=WELL))
    return project


def test_a_service_from_sites_yaml_to_its_end(project: Project) -> None:
    vps = project.vps
    missing = project.deploy("apply", "--yes")
    assert missing.returncode == 2
    assert "the environment has no TOKEN" in missing.stderr

    before = project.deploy("logs", "whole.test")
    assert (before.returncode, before.stdout) == (1, ""), before.stderr
    assert f"whole.test is not on {vps.address} yet" in before.stderr
    plan = project.deploy("plan", TOKEN=HOSTILE)
    assert "+ secret PASSWORD in /opt/whole.test/.env (generated on the server)" in plan.stdout
    applied = project.deploy("apply", "--yes", TOKEN=HOSTILE)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")
    assert vps.run("stat -c '%a %U' /opt/whole.test/.env").stdout == "600 root\n"
    password = project.deploy("secret", "show", "whole.test", "PASSWORD").stdout.strip()
    assert len(password) >= 32
    assert project.deploy("secret", "show", "whole.test", "TOKEN").stdout == f"{HOSTILE}\n"
    given = environment_of(vps, "wholetest-app-1")
    assert f"PASSWORD={password}" in given
    assert f"TOKEN={HOSTILE}" in given
    for said in (plan.stdout, applied.stdout, applied.stderr, vps.run("cat /var/log/deploy/*").stdout):
        assert HOSTILE not in said
        assert password not in said

    again = project.deploy("plan", "--json", TOKEN=HOSTILE)
    assert again.returncode == 0, again.stdout
    unset = project.deploy("plan")
    assert unset.returncode == 0, unset.stderr
    assert (
        "! whole.test keeps the TOKEN that it has: the environment has none to compare it with"
        in unset.stdout
    )
    changed = project.deploy("apply", "--yes", TOKEN="other")
    assert "~ secret TOKEN in /opt/whole.test/.env" in changed.stdout
    assert "TOKEN=other" in environment_of(vps, "wholetest-app-1")
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


@pytest.mark.in_turns("what was there")
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
    assert "services.app: write image: or build:" in refused.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")


@pytest.mark.in_turns("what was there")
def test_a_new_name_ends_nothing_before_it_is_well_and_can_go_on_with_the_data(project: Project) -> None:
    assert project.deploy("apply", "--yes", TOKEN="x").returncode == 0
    password = project.deploy("secret", "show", "whole.test", "PASSWORD").stdout
    project.vps.run("docker exec wholetest-app-1 /bin/busybox sh -c 'echo 1 > /data/file'")
    good = (project.folder / "app.yml").read_text()
    service = project.sites.pop("whole.test")
    project.sites["named.test"] = service
    plan = project.deploy("plan", TOKEN="x").stdout
    assert (
        "named.test takes the place of whole.test, and begins anew: with empty volumes and new values of "
        "PASSWORD. Of whole.test stays what is in /opt/whole.test, volume wholetest_data. "
        "To take it over, write `directory: /opt/whole.test` and `project: wholetest`" in plan
    )
    (project.folder / "app.yml").write_text(good.replace(WELL, '["/bin/busybox", "false"]'))
    failed = project.deploy("apply", "--yes", TOKEN="x")
    assert failed.returncode == 1
    assert "whole.test stays." in failed.stderr
    assert project.get("whole.test", scheme="http") == (200, "well\n")

    (project.folder / "app.yml").write_text(good)
    service |= {"directory": "/opt/whole.test", "project": "wholetest"}
    plan = project.deploy("plan", TOKEN="x").stdout
    assert (
        "named.test takes the place of whole.test, and goes on with its folder, volumes and secrets" in plan
    )
    applied = project.deploy("apply", "--yes", TOKEN="x")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("named.test", scheme="http") == (200, "well\n")
    assert file_in(project.vps, "wholetest-app-1", "/data/file") == "1\n"
    assert project.deploy("secret", "show", "named.test", "PASSWORD").stdout == password
    assert project.deploy("plan", "--json", TOKEN="x").returncode == 0
    del project.sites["named.test"]
    assert project.apply().returncode == 0


BY_HAND = """services:
  app:
    image: {image}
    command: {command}
    ports: ["8123:80"]
    volumes: ["data:/data", "./page:/www/index.html"]
    stop_signal: SIGKILL
volumes:
  data: {{}}
"""


@pytest.fixture
def made_by_hand(vps: Machine, tmp_path: Path) -> Iterator[Project]:
    """A server with containers as a person starts them, in /opt/paper with Compose's own names, open to all."""
    registry_of(vps).push("whole", SERVE, {"Healthcheck": HEALTHY}, "well")
    file = BY_HAND.format(image=f"{REGISTRY}/whole:1", command=WELL)
    folder = vps.root / "opt/paper"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text(file)
    (folder / "page").write_text("by hand\n")
    vps.run(
        "cd /opt/paper && docker compose up -d --wait 2>&1 && docker exec paper-app-1 sh -c 'echo 1 > /data/file'"
    )
    (tmp_path / "paper.yml").write_text(file.replace('"8123:', '"127.0.0.1:8123:'))
    service = {
        "kind": "compose",
        "file": "paper.yml",
        "port": 8123,
        "https": False,
        "wait": "60s",
        "watch": "0",
    }
    yield Project(tmp_path, vps, None, {"paper.test": service})
    vps.run("docker compose -p paper down --volumes 2>&1; rm -rf /opt/paper /opt/elsewhere")


def reachable(vps: Machine) -> bool:
    """Whether a stranger gets an answer at the port of the containers."""
    return (
        subprocess.run(
            ["curl", "-s", "-m", "5", f"http://{vps.address}:8123/"], check=False, stdout=-1
        ).returncode
        == 0
    )


@pytest.mark.in_turns("what was there")
def test_containers_that_were_started_by_hand_are_taken_over(made_by_hand: Project) -> None:
    project, vps = made_by_hand, made_by_hand.vps
    service = project.sites["paper.test"]
    assert reachable(vps)
    held = project.deploy("plan").stdout
    assert (
        "! paper.test is left as it is: the Compose project paper in /opt/paper has its port 8123 already. "
        "To take it over, write `directory: /opt/paper` and `project: paper`, or end that one" in held
    )
    assert project.apply().returncode == 1
    assert not (vps.root / "opt/paper.test").exists()

    service |= {"directory": "/opt/paper", "project": "paper"}
    plan = project.deploy("plan").stdout
    assert "~ /opt/paper/docker-compose.yml (takes over a file made by hand)" in plan
    assert "~ containers of paper.test are brought up anew: port 8123/tcp is open to everyone" in plan
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("paper.test", scheme="http") == (200, "by hand\n")
    assert not reachable(vps)
    assert file_in(vps, "paper-app-1", "/data/file") == "1\n"
    assert vps.run("docker volume ls -q --filter name=paper").stdout == "paper_data\n"
    assert project.plan()["empty"]

    # what runs is changed by hand, and no file
    edit = "cp docker-compose.yml /tmp/kept.yml; sed -i 's/127.0.0.1:8123/8123/' docker-compose.yml"
    start = "docker compose up -d --wait 2>&1; cp /tmp/kept.yml docker-compose.yml"
    vps.run(f"cd /opt/paper && {edit}; {start}")
    assert reachable(vps)
    plan = project.plan()
    assert plan["files"] == []
    assert plan["compositions"]["otherwise"] == {"paper.test": ["port 8123/tcp is open to everyone"]}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert not reachable(vps), applied.stdout + applied.stderr
    assert project.plan()["empty"]

    # every command finds it there
    assert "httpd" not in project.deploy("logs", "paper.test").stderr
    assert project.deploy("stop", "paper.test").returncode == 0
    assert project.plan()["empty"], "what was stopped on purpose is not started"
    assert project.deploy("restart", "paper.test").returncode == 0
    assert vps.run("cd /opt/paper && docker compose ps -q").stdout, "by hand, Compose calls it the same"

    service["directory"] = "/opt/elsewhere"
    assert "it stands in /opt/paper with its data. On the server: " in project.plan()["held"]["paper.test"]
    assert project.plan()["files"] == []
    vps.run("/usr/local/lib/deploy/bin/stop paper.test && mv /opt/paper /opt/elsewhere")
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("paper.test", scheme="http") == (200, "by hand\n")
    assert not (vps.root / "opt/paper").exists()
    assert project.plan()["empty"]

    project.sites["other.test"] = REDIRECT
    del project.sites["paper.test"]
    assert project.apply().returncode == 0
    assert vps.run("docker ps -aq --filter label=com.docker.compose.project=paper").stdout == ""
    assert vps.run("ls -A /opt/elsewhere").stdout.split() == [".env", "page"]


@pytest.mark.in_turns("what was there")
def test_where_the_program_docker_is_missing_it_comes(project: Project) -> None:
    """docker.io only recommends its package."""
    vps = project.vps
    project.sites = {name: site for name, site in project.sites.items() if name == "whole.test"}
    project.sites["whole.test"] |= {"secrets": {"PASSWORD": "generate"}}
    (project.folder / "app.yml").write_text(
        (project.folder / "app.yml").read_text().replace(', TOKEN: "${TOKEN}"', "")
    )
    assert project.apply().returncode == 0
    vps.run(
        "apt-get remove --yes docker-cli 2>&1; cp /usr/sbin/dockerd /root/dockerd && mv /root/dockerd /usr/sbin/"
    )
    missing = "the program docker is missing, without which nobody can speak to Docker"
    said = vps.run("/usr/local/lib/deploy/bin/restart whole.test", check=False).stdout
    assert f"✗ docker: {missing}: apt-get install --reinstall docker-cli" in said
    assert missing in project.deploy("status").stdout
    assert "the program docker is missing on " in project.deploy("services").stderr
    audit = project.deploy("audit").stdout
    assert "Docker cannot be asked: the program docker is missing" in audit
    plan = project.plan()
    assert plan["packages"] == ["docker-cli"]
    assert f"{missing}: docker-cli brings it" in plan["notes"]
    assert "is installed, and an older build still runs: systemctl restart docker " in str(plan["notes"])
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.plan()["empty"]
    assert project.get("whole.test", scheme="http") == (200, "well\n")
    assert "Docker cannot be asked" not in project.deploy("audit").stdout


@pytest.mark.in_turns("what was there")
def test_volumes_of_what_a_person_has_ended_are_found(made_by_hand: Project) -> None:
    project = made_by_hand
    project.vps.run("cd /opt/paper && docker compose down 2>&1")
    assert (
        "! paper.test would begin with an empty volume papertest_data, but there is paper_data: "
        "if that has its data, write `project: paper`" in project.deploy("plan").stdout
    )
    project.sites["paper.test"] |= {"directory": "/opt/paper"}
    assert "empty volume" not in project.deploy("plan").stdout
    assert project.apply().returncode == 0
    assert file_in(project.vps, "paper-app-1", "/data/file") == "1\n"
