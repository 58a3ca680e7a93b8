"""A restricted key and a workflow push an application."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.keys.conftest import Guarded
from vps.keys.test_workflow import act, secrets_of, write
from vps.services.application.conftest import BUSYBOX, DOCKERFILE, RUN
from vps.services.conftest import COMPOSE

KEYED = "keyed.test"


@pytest.fixture
def guarded(vps: Machine, tmp_path: Path) -> Iterator[Guarded]:
    """A user's folder with an application that the server fetches by SSH, and a key ci that may push it."""
    one = Guarded(tmp_path, vps, None, {})
    vps.run("mkdir -p /root/repositories /etc/deploy")
    host_key = (vps.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    (vps.root / "etc/deploy/known_hosts").write_text(f"localhost {host_key}")
    (tmp_path / KEYED).mkdir()
    shutil.copy(vps.root / "bin/busybox", tmp_path / KEYED / "busybox")
    files = {"Dockerfile": DOCKERFILE, "www/index.html": "one\n", "www/release": "echo prepared\n"}
    app = {
        "kind": "app",
        "port": 80,
        "published": 8098,
        "watch": "0",
        "release": f"{BUSYBOX} sh /www/release",
    }
    one.sites[KEYED] = one.host(KEYED, dict(files)) | app
    public = one.new_key("ci").with_name("ci.pub").read_text().strip()
    one.more["keys"] = {"ci": {"public": public, "push": [KEYED]}}
    yield one
    vps.run(f"/{COMPOSE} -p keyed-test down --volumes --timeout 0 2>/dev/null", check=False)


def test_a_restricted_key_and_a_workflow_push_an_application_as_they_push_a_site(guarded: Guarded) -> None:
    """With what its build and its release command say, and the exit code; two at once are one."""

    def push(*words: str, code: int = 0) -> str:
        done = guarded.ssh("push", KEYED, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def page() -> str:
        return guarded.get(KEYED, scheme="http")[1]

    applied = guarded.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert f"{KEYED} waits for its first push" in applied.stdout + applied.stderr
    assert "give root@localhost:" in push(code=1)
    waits = guarded.ssh("status")
    assert (waits.returncode, f"! {KEYED}: waits for its first push" in waits.stdout) == (1, True)
    guarded.let_the_server_read(KEYED)
    first = guarded.git(KEYED, "rev-parse", "HEAD")
    said = push()
    assert f'{KEYED} is live: {first[:7]} "Change it" (' in said.splitlines()[-1]
    assert "  prepared" in said.splitlines()

    guarded.publish(KEYED, {"Dockerfile": DOCKERFILE + RUN.format("echo broken on purpose; exit 3")})
    said = push("main", code=1)
    assert "broken on purpose" in said
    assert "exit code: 3" in said
    guarded.publish(KEYED, {"Dockerfile": DOCKERFILE, "www/release": "echo no table >&2; exit 4\n"})
    assert "the release command failed with exit code 4: no table" in push(code=1)
    assert page() == "one\n"
    assert guarded.ssh("status").returncode == 0
    assert "! the last push failed: the release command" in guarded.ssh("status").stdout

    second = guarded.publish(KEYED, {"www/index.html": "two\n", "www/release": "sleep 1\n"})
    with ThreadPoolExecutor() as pool:
        both = [*pool.map(lambda _: push(), range(2))]
    assert sum(f"{KEYED} is live: {second[:7]}" in said for said in both) == 1, both
    assert page() == "two\n"
    push(first)
    assert page() == "one\n"
    assert "is no option for a composition" in push("--as", "preview", code=2)
    assert '"by":"key ci"' in (guarded.vps.root / "var/log/deploy/push.log").read_text()

    secrets = secrets_of(guarded, KEYED)
    write(guarded, site=KEYED)
    guarded.publish(KEYED, {"www/index.html": "by a workflow\n"})
    done = act(guarded, secrets, site=KEYED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert page() == "by a workflow\n"
    guarded.publish(KEYED, {"www/release": "echo no table >&2; exit 4\n"})
    red = act(guarded, secrets, site=KEYED)
    assert red.returncode != 0
    assert "the release command failed with exit code 4" in red.stdout
    assert page() == "by a workflow\n"
