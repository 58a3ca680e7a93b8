"""docs/by-hand.md, "Leave the tool", followed to the letter where something runs in containers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Backed, Key, key
from vps.project import Project
from vps.restore.conftest import boot
from vps.services.conftest import (
    ALWAYS_OFTEN,
    ASK,
    HEALTHY,
    REGISTRY,
    SERVE,
    environment_of,
    file_in,
    prepare,
    registry_of,
)
from vps.services.registry import health
from vps.test_leaving import LEFT, NIGHT, section, stays, steps
from vps.waiting import until

pytestmark = pytest.mark.in_turns("once on a server", of="modules")

__all__ = ["key"]
NAME = "left.test"
IN_USE = "is using its referenced image"
COMPOSE = f"""services:
  app:
    image: {REGISTRY}/left:1
    restart: unless-stopped
    ports: ["127.0.0.1:8301:80"]
    environment: {{PASSWORD: "${{PASSWORD}}"}}
    volumes: ["data:/data"]
    stop_signal: SIGKILL
  pinned:
    image: {{pinned}}
    restart: unless-stopped
    stop_signal: SIGKILL
volumes:
  data: {{}}
"""


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    with boot() as machine:
        prepare(machine)
        yield machine


def new_image(vps: Machine, page: str) -> str:
    """Another image under the same tag; its digest."""
    asked = health(ASK, Timeout=2, **ALWAYS_OFTEN) if vps.release == "debian-12" else HEALTHY
    return registry_of(vps).publish("left", SERVE, {"Healthcheck": asked}, page)[1]


@pytest.fixture
def project(vps: Machine, key: Key, tmp_path: Path) -> Project:
    """A service whose project is not called as its folder, with a volume and a secret, backed up and updated."""
    pinned = f"{REGISTRY}/left@{new_image(vps, 'pinned')}"
    (tmp_path / "app.yml").write_text(COMPOSE.replace("{pinned}", pinned))
    (tmp_path / "key.asc").write_bytes(key.public.read_bytes())
    service = {
        "kind": "compose",
        "file": "app.yml",
        "port": 8301,
        "https": False,
        "watch": "0",
        "project": "kept",
        "secrets": {"PASSWORD": "generate"},
    }
    made = Project(tmp_path, vps, None, {NAME: service})
    made.more = {"backups": {"recipient": "key.asc"}, "updates": {"at": "04:00"}}
    new_image(vps, "one")
    done = made.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    vps.run("docker exec kept-app-1 sh -c 'echo treasure >/data/file'")
    return made


def by_hand() -> str:
    """What the page says looks after containers."""
    (block,) = re.findall(r"^```\n(.*?)^```$", section(), re.DOTALL | re.MULTILINE)
    return block.replace("/opt/chat.example.org", f"/opt/{NAME}")


def test_containers_outlive_the_tool(vps: Machine, project: Project, key: Key, tmp_path: Path) -> None:
    ours = vps.run("cut -c 67- /var/lib/deploy/manifest").stdout.splitlines()
    password = project.deploy("secret", "show", NAME, "PASSWORD").stdout.strip()
    backed = Backed(vps, key, NAME)

    def container() -> str:
        return vps.run("docker ps --quiet --no-trunc --filter name=app").stdout

    first = container()

    def served(page: str = "one") -> None:
        assert project.get(NAME, scheme="http") == (200, f"{page}\n")
        assert file_in(vps, "kept-app-1", "/data/file") == "treasure\n"
        assert f"PASSWORD={password}" in environment_of(vps, "kept-app-1")
        assert vps.run("docker volume ls --quiet").stdout == "kept_data\n"
        assert vps.run("systemctl --failed --no-legend").stdout == ""

    def backed_up() -> None:
        before = len(backed.archives())
        vps.run(f"sleep 1; {NIGHT if before else f'/etc/deploy/backup/{NAME}'}")
        assert len(backed.archives()) == before + 1
        assert backed.log()["result"] == "ok"

    def pushed() -> None:
        assert "is already up to date" in vps.run(f"/usr/local/lib/deploy/bin/push {NAME}").stdout

    remembering, keys, updates, backups, rest = steps()
    for step, works in (
        (remembering, (served, backed_up)),
        (keys, (served,)),
        (updates, (served, backed_up)),
        (backups, (served, pushed)),
        (rest, (served,)),
    ):
        said = vps.run(step)
        assert [line for line in said.stderr.splitlines() if IN_USE not in line] == []
        for work in works:
            work()
    assert container() == first, "it ran on all the time"

    left = [path for path in ours if (vps.root / path[1:]).exists()]
    left += vps.run(LEFT, check=False).stdout.split()
    assert [path for path in left if not stays().match(path)] == []
    tags = vps.run("docker image ls --format '{{.Repository}}:{{.Tag}}'").stdout
    assert tags.count(":deploy.") == 1, "that of the container which nothing else names"
    assert vps.run("grep -rlE '/usr/local/lib/deploy' /etc /opt || true").stdout == ""

    vps.run("systemctl restart docker")
    until(vps, "docker exec kept-app-1 true")
    vps.restart()
    until(vps, "docker exec kept-app-1 true && systemctl is-active --quiet nginx docker-registry")
    until(vps, f"curl -sf -H 'Host: {NAME}' -o /dev/null http://127.0.0.1/")
    served()

    new_image(vps, "two")
    vps.run(by_hand())
    first, before = container(), first
    assert first != before
    served("two")

    by_us = project.apply()
    assert by_us.returncode == 0, by_us.stdout + by_us.stderr
    assert container() == first, "who comes back finds it as it runs"
    served("two")
    assert project.plan()["empty"], project.plan()
    found = backed.unpack(tmp_path) / "var/lib/docker/volumes/kept_data/_data/file"
    assert found.read_text() == "treasure\n", "the archives are read without the tool"
