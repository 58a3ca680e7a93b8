"""A restricted key and a workflow push an application, and a stack."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.keys.conftest import Guarded
from vps.keys.test_workflow import act, secrets_of, write
from vps.services.application.conftest import BUSYBOX, DOCKERFILE, RUN
from vps.services.conftest import COMPOSE, HEALTHY, REGISTRY, SERVE, registry_of

KEYED, STACKED = "keyed.test", "stacked.test"
STACK = f"""services:
  web:
    image: {REGISTRY}/stacked:1
    command: ["{BUSYBOX}", "httpd", "-f", "-p", "80", "-h", "/www"]
    ports: ["8099:80"]
    volumes: ["./www:/www"]
    stop_signal: SIGKILL
"""


@contextlib.contextmanager
def guarded(vps: Machine, folder: Path, domain: str, **more: object) -> Iterator[Guarded]:
    """A user's folder with an entry that the server fetches by SSH, of the files there, and a key ci that may push it."""
    one = Guarded(folder, vps, None, {})
    vps.run("mkdir -p /root/repositories /etc/deploy")
    host_key = (vps.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    (vps.root / "etc/deploy/known_hosts").write_text(f"localhost {host_key}")
    one.sites[domain] = one.host(domain, {}) | {"watch": "0"} | more
    public = one.new_key("ci").with_name("ci.pub").read_text().strip()
    one.more["keys"] = {"ci": {"public": public, "push": [domain]}}
    yield one
    vps.run(f"/{COMPOSE} -p {domain.replace('.', '-')} down --volumes --timeout 0 2>/dev/null", check=False)


@pytest.fixture
def keyed(vps: Machine, tmp_path: Path) -> Iterator[Guarded]:
    """One with an application."""
    release = f"{BUSYBOX} sh /www/release"
    with guarded(vps, tmp_path, KEYED, kind="app", port=80, published=8098, release=release) as one:
        shutil.copy(vps.root / "bin/busybox", tmp_path / KEYED / "busybox")
        one.publish(
            KEYED, {"Dockerfile": DOCKERFILE, "www/index.html": "one\n", "www/release": "echo prepared\n"}
        )
        yield one


@pytest.fixture
def stacked(vps: Machine, tmp_path: Path) -> Iterator[Guarded]:
    """One with a stack."""
    registry_of(vps).push("stacked", SERVE, {"Healthcheck": HEALTHY}, "none")
    with guarded(vps, tmp_path, STACKED, kind="compose", port=8099) as one:
        one.publish(STACKED, {"compose.yaml": STACK, "www/index.html": "one\n"})
        yield one


def push(one: Guarded, *words: str, code: int = 0) -> str:
    """What the key is told that pushes the one entry of sites.yaml."""
    (domain,) = one.sites
    done = one.ssh("push", domain, *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def page(one: Guarded) -> str:
    """What its visitors see."""
    (domain,) = one.sites
    return one.get(domain, scheme="http")[1]


def waits_for_its_first_push(one: Guarded) -> str:
    """Once applied, as everybody is told, and the key, until the server may read it; its revision."""
    (domain,) = one.sites
    applied = one.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert f"{domain} waits for its first push" in applied.stdout + applied.stderr
    assert "give root@localhost:" in push(one, code=1)
    waits = one.ssh("status")
    assert (waits.returncode, f"! {domain}: waits for its first push" in waits.stdout) == (1, True)
    one.let_the_server_read(domain)
    return one.git(domain, "rev-parse", "HEAD")


def goes_over_once_and_back(one: Guarded, first: str, second: str) -> None:
    """Two pushes of the second revision at once are one; then the first is asked for."""
    (domain,) = one.sites
    with ThreadPoolExecutor() as pool:
        both = [*pool.map(lambda _: push(one), range(2))]
    assert sum(f"{domain} is live: {second[:7]}" in said for said in both) == 1, both
    assert page(one) == "two\n"
    push(one, first)
    assert page(one) == "one\n"
    assert "is no option for a composition" in push(one, "--as", "preview", code=2)
    log = (one.vps.root / "var/log/deploy/push.log").read_text().splitlines()
    assert {"key ci"} == {json.loads(line)["by"] for line in log if f'"site":"{domain}"' in line}


def comes_by_a_workflow(one: Guarded, bad: dict[str, str], why: str) -> None:
    """As it comes by a key: live, and red with what is wrong where files are bad."""
    (domain,) = one.sites
    secrets = secrets_of(one, domain)
    write(one, site=domain)
    one.publish(domain, {"www/index.html": "by a workflow\n"})
    done = act(one, secrets, site=domain)
    assert done.returncode == 0, done.stdout + done.stderr
    assert page(one) == "by a workflow\n"
    one.publish(domain, bad)
    red = act(one, secrets, site=domain)
    assert red.returncode != 0
    assert why in red.stdout
    assert page(one) == "by a workflow\n"


def test_a_restricted_key_and_a_workflow_push_an_application_as_they_push_a_site(keyed: Guarded) -> None:
    """With what its build and its release command say, and the exit code; two at once are one."""
    first = waits_for_its_first_push(keyed)
    said = push(keyed)
    assert f'{KEYED} is live: {first[:7]} "Change it" (' in said.splitlines()[-1]
    assert "  prepared" in said.splitlines()

    keyed.publish(KEYED, {"Dockerfile": DOCKERFILE + RUN.format("echo broken on purpose; exit 3")})
    said = push(keyed, "main", code=1)
    assert "broken on purpose" in said
    assert "exit code: 3" in said
    keyed.publish(KEYED, {"Dockerfile": DOCKERFILE, "www/release": "echo no table >&2; exit 4\n"})
    assert "the release command failed with exit code 4: no table" in push(keyed, code=1)
    assert page(keyed) == "one\n"
    assert keyed.ssh("status").returncode == 0
    assert "! the last push failed: the release command" in keyed.ssh("status").stdout

    second = keyed.publish(KEYED, {"www/index.html": "two\n", "www/release": "sleep 1\n"})
    goes_over_once_and_back(keyed, first, second)
    bad = {"www/release": "echo no table >&2; exit 4\n"}
    comes_by_a_workflow(keyed, bad, "the release command failed with exit code 4")


def test_a_restricted_key_and_a_workflow_push_a_stack(stacked: Guarded) -> None:
    """Each revision is judged, and a key is told why one is refused."""
    first = waits_for_its_first_push(stacked)
    assert f'{STACKED} is live: {first[:7]} "Change it", ' in push(stacked).splitlines()[-1]
    assert page(stacked) == "one\n"
    assert stacked.plan()["empty"]

    stacked.publish(STACKED, {"compose.yaml": STACK + "    privileged: true\n    pid: host\n"})
    refused = push(stacked, "main", code=1)
    assert "its service web has privileged" in refused
    assert "its service web has pid or ipc: host" in refused
    assert page(stacked) == "one\n"
    assert stacked.ssh("status").returncode == 0

    second = stacked.publish(STACKED, {"compose.yaml": STACK, "www/index.html": "two\n"})
    goes_over_once_and_back(stacked, first, second)
    bad = {"compose.yaml": STACK + "    privileged: true\n"}
    comes_by_a_workflow(stacked, bad, "its service web has privileged")
