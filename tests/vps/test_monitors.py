"""Monitors elsewhere as a part of plan, apply and push of a server, and that nobody waits for them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from outside.kuma import PASSWORD, USER, Kuma
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")
NAME = "page.test"
KNOWN = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"


@pytest.fixture
def kuma(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kuma]:
    monkeypatch.setenv("KUMA_PASSWORD", PASSWORD)
    with Kuma() as there:
        yield there


def test_monitors_follow_the_sites_and_a_push_has_its_maintenance(
    tmp_path: Path, vps: Machine, kuma: Kuma
) -> None:
    keeper = {"url": kuma.address, "user": USER, "password": "env:KUMA_PASSWORD"}
    monitoring = {"uptime_kuma": keeper, "gatus": {"file": "gatus.yaml"}}
    project = Project(tmp_path, vps, None, {}, {"monitoring": monitoring})
    repository = project.repository("page", {"index.html": "<h1>One</h1>"})
    project.sites[NAME] = {"kind": "static", "repository": repository, "https": False, "hsts": "0"}
    plan = project.plan()
    assert [each["path"] for each in plan["files"] if ":" in each["path"]] == [
        f"gatus:{tmp_path}/gatus.yaml",
        f"uptime_kuma:sites/{NAME}",
    ]
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.index("gatus 1 changed") < done.stderr.index("uptime_kuma 1 changed")
    assert PASSWORD not in done.stdout + done.stderr
    assert kuma.named(NAME)["url"] == f"http://{NAME}/"
    assert project.plan()["empty"]

    pushed = project.deploy("push", NAME)
    assert pushed.returncode == 0, pushed.stderr
    assert kuma.windows == [(f"deploy: push of {NAME}", [NAME])]
    assert kuma.maintenances == {}
    assert "maintenance" not in pushed.stderr

    kuma.named(NAME)["interval"] = 3600
    (tmp_path / "gatus.yaml").write_text((tmp_path / "gatus.yaml").read_text() + "# mine\n")
    document = json.loads(project.deploy("plan", "--json").stdout)
    assert {each["surprise"] for each in document["files"]} == {"edited"}
    assert project.deploy("apply", "--yes").returncode == 0
    assert kuma.named(NAME)["interval"] == 60

    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh {KNOWN} -i {vps.key} "$@"\n')
    program.chmod(0o755)
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    monitoring["gatus"]["file"] = f"root@{vps.address}:/srv/deploy's.yaml"
    moved = project.deploy("apply", "--yes", **path)
    assert "✓ gatus 1 changed" in moved.stderr
    assert vps.run('cat "/srv/deploy\'s.yaml"').stdout == (tmp_path / "gatus.yaml").read_text()
    assert vps.run("stat -c %a /srv/*.yaml; ls -A /srv | grep new || true").stdout == "644\n"
    assert project.deploy("plan", **path).returncode == 0
    monitoring["gatus"]["file"] = "gatus.yaml"

    keeper["url"] = "http://127.0.0.1:9"
    project.commit("page", {"index.html": "<h1>Two</h1>"})
    pushed = project.deploy("push", NAME)
    assert pushed.returncode == 0, pushed.stderr
    assert pushed.stderr.count("! no maintenance in Uptime Kuma: Uptime Kuma at 127.0.0.1:9 cannot be") == 1
    assert "Two" in project.get(NAME, scheme="http")[1]
    project.sites["other.test"] = {"kind": "redirect", "to": "https://example.org", "https": False}
    broken = project.apply()
    assert broken.returncode == 1
    assert "✗ monitors: Uptime Kuma at 127.0.0.1:9 cannot be reached" in broken.stdout
    assert project.get("other.test", scheme="http")[0] == 301, "the server has it all the same"
    assert "other.test" in (tmp_path / "gatus.yaml").read_text()
