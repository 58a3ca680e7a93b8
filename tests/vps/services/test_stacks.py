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


QUIET = """services:
  web:
    image: {image}
    command: ["/bin/busybox", "sh", "-c", "echo ${{PAGE}} > /www/index.html; exec httpd -f -p 80 -h /www"]
    user: "1234"
    environment: [WORD]
    volumes: ["./data:/www"]
    stop_signal: SIGKILL
  more: {{image: "{image}", profiles: [extra], command: ["/bin/busybox", "sleep", "1000"], stop_signal: SIGKILL, healthcheck: {{disable: true}}}}
"""
FILE_SECRET = """services:
  web: {secrets: [{source: word, target: word, mode: 0440}]}
secrets: {word: {environment: WORD}}
"""


def test_the_env_of_a_stack_and_a_service_that_publishes_nothing(project: Project) -> None:
    vps, folder = project.vps, project.folder
    (folder / "upstream/compose.yml").write_text(QUIET.format(image=f"{REGISTRY}/shop:1"))
    (folder / "upstream/.env").write_text("PAGE=theirs\nWORD=hush-hush\nCOMPOSE_PROJECT_NAME=quiet\n")
    (folder / "ours.yml").write_text(FILE_SECRET)
    service = {"kind": "compose", "file": "upstream/compose.yml", "env_file": "upstream/.env", "port": 8195}
    service |= {"publish": {8195: "web:80"}, "folders": {"data": 1234}, "environment": {"PAGE": "ours"}}
    service |= {"profiles": ["extra"], "override": "ours.yml", "https": False, "wait": "60s", "watch": "0"}
    project.sites = {"quiet.test": service}
    plan = project.deploy("plan").stdout
    assert "+ secret WORD in /opt/quiet.test/.env (from upstream/.env)" in plan
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "hush-hush" not in plan + applied.stdout + applied.stderr
    assert project.get("quiet.test", scheme="http") == (200, "ours\n")
    assert vps.run("stat -c '%a %u %g' /opt/quiet.test/data").stdout == "750 1234 1234\n"
    assert "WORD=hush-hush" in environment_of(vps, "quiet-web-1")
    names = vps.run("cd /opt/quiet.test && docker compose ps --format '{{.Service}}'").stdout
    assert names.split() == ["more", "web"]
    held = vps.run(
        "docker cp quiet-web-1:/run/secrets/word - | tar -xO && docker cp quiet-web-1:/run/secrets/word - | tar -tv"
    ).stdout
    assert held.startswith("hush-hush-r--r-----")
    assert project.plan()["empty"]

    (folder / "upstream/.env").write_text("WORD=other\nCOMPOSE_PROJECT_NAME=quiet\n")
    assert project.apply().returncode == 0
    assert "WORD=other" in environment_of(vps, "quiet-web-1")
    (folder / "upstream/compose.yml").write_text(
        QUIET.format(image=f"{REGISTRY}/shop:1").replace("    environment: [WORD]\n", "")
    )
    (folder / "upstream/.env").write_text("COMPOSE_PROJECT_NAME=quiet\n")
    del service["override"]
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "WORD" not in vps.run("cat /opt/quiet.test/.env").stdout
    assert project.plan()["empty"]


OWNED = """services:
  web:
    image: {image}
    command: ["/bin/busybox", "sh", "-c", "cat /run/secrets/word /etc/own.ini > /www/index.html; exec httpd -f -p 80 -h /www"]
    user: "1234:1234"
    volumes: ["./data:/www", "./own.ini:/etc/own.ini:ro", "./data/conf/deep.ini:/etc/deep.ini:ro"]
    secrets: [word]
    stop_signal: SIGKILL
secrets: {{word: {{file: ./secrets/word.txt}}}}
"""


def test_files_are_whose_they_shall_be_and_no_link_of_a_container_is_followed(project: Project) -> None:
    vps, folder = project.vps, project.folder
    (folder / "upstream/compose.yml").write_text(OWNED.format(image=f"{REGISTRY}/shop:1"))
    (folder / "upstream/own.ini").write_text("own\n")
    (folder / "upstream/data/conf").mkdir(parents=True)
    (folder / "upstream/data/conf/deep.ini").write_text("deep\n")
    service = {"kind": "compose", "file": "upstream/compose.yml", "port": 8196, "publish": {8196: "web:80"}}
    service |= {"folders": {"data": 1234}, "environment": {"WORD": "first"}}
    service |= {"files": {"own.ini": "1234 0400", "data/conf/deep.ini": 1234}, "https": False}
    service |= {"secret_files": {"secrets/word.txt": "WORD 1234 0400"}, "wait": "60s", "watch": "0"}
    project.sites = {"owned.test": service}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("owned.test", scheme="http") == (200, "firstown\n")
    of = "stat -c '%a %u %g' /opt/owned.test/own.ini /opt/owned.test/secrets/word.txt /opt/owned.test/data/conf/deep.ini"
    assert vps.run(of).stdout.splitlines() == ["400 1234 1234", "400 1234 1234", "440 1234 1234"]
    assert project.plan()["empty"]

    service["environment"] = {"WORD": "second"}
    (folder / "upstream/own.ini").write_text("other\n")
    assert project.apply().returncode == 0
    assert project.get("owned.test", scheme="http") == (200, "secondother\n")
    vps.run("chown 0 /opt/owned.test/own.ini")
    assert "owner root:1234 → 1234:1234" in project.deploy("plan").stdout
    assert project.apply().returncode == 0

    vps.run("cd /opt/owned.test/data && rm -r conf && mkdir /etc/theirs && ln -s /etc/theirs conf")
    (folder / "upstream/data/conf/deep.ini").write_text("new\n")
    refused = project.apply()
    assert refused.returncode == 1
    link = "/opt/owned.test/data/conf is a link, which a container may have made: take it away"
    assert link in refused.stdout + refused.stderr
    assert vps.run("ls /etc/theirs").stdout == ""
    assert project.get("owned.test", scheme="http") == (200, "secondother\n")

    vps.run("rm /opt/owned.test/data/conf")
    del service["secret_files"]
    (folder / "upstream/compose.yml").write_text(
        OWNED.replace("secrets: [word]", "tmpfs: [/run/secrets]")
        .replace("cat /run/secrets/word ", "cat ")
        .partition("secrets: {{")[0]
        .format(image=f"{REGISTRY}/shop:1")
    )
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert project.get("owned.test", scheme="http") == (200, "other\n")
    assert vps.run("ls /opt/owned.test/secrets").stdout == ""
