"""An application as its user sees it."""

import contextlib
import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import termios
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import DEPLOY, Project
from vps.services.application.conftest import BUSYBOX, DOCKERFILE
from vps.services.conftest import COMPOSE, environment_of, file_in
from vps.waiting import until


@pytest.fixture
def project(vps: Machine, tmp_path: Path) -> Iterator[Project]:
    """A user's folder with an application whose repository is beside sites.yaml."""
    site = {"kind": "app", "repository": "shop", "port": 80, "published": 8099, "https": False, "watch": "0"}
    site |= {"command": f"{BUSYBOX} httpd -f -p 80 -h /www", "release": f"{BUSYBOX} sh /www/release"}
    jobs = {"15 3 * * *": f"{BUSYBOX} echo cleaned", "16 3 * * *": f"{BUSYBOX} sh -c '{FAILS}'"}
    jobs |= {"17 3 * * *": f"{BUSYBOX} sleep 70323"}
    site |= {"jobs": jobs, "job_limit": "3s", "secrets": {"KEY": "generate"}}
    site |= {"environment": {"GREETING": "it's $HOME"}, "volumes": {"data": "/data"}}
    site |= {"build_secrets": {"TOKEN": "generate"}}
    asks = f'RUN --mount=type=secret,id=TOKEN ["{BUSYBOX}", "test", "-s", "/run/secrets/TOKEN"]\n'
    one = Project(tmp_path, vps, None, {"shop.test": site})
    one.repository(
        "shop",
        {"Dockerfile": DOCKERFILE + asks, "www/index.html": "one\n", "www/release": "echo 1 >>/data/done\n"},
    )
    shutil.copy(vps.root / "bin/busybox", tmp_path / "shop/busybox")
    one.commit("shop", {}, "Bring a shell along")
    yield one
    vps.run(f"/{COMPOSE} -p shop-test down --volumes --timeout 0 2>/dev/null", check=False)


def test_an_application_as_its_user_sees_it(project: Project) -> None:
    """Applied, it waits for its first push; pushed, it is live, and the plan stays empty; it goes back, and away."""
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "shop.test waits for its first push: deploy push shop.test" in applied.stdout + applied.stderr
    assert project.plan()["empty"]
    status = project.deploy("status")
    assert status.returncode == 1, "visitors get nothing"
    assert "! shop.test waits for its first push: deploy push shop.test\n" in status.stdout
    assert "✗ shop.test" not in status.stdout, "but nothing of it is broken"
    doctor = project.deploy("doctor").stdout
    assert "✗ sites: shop.test waits for its first push\n" in doctor
    assert "shop.test: it has no containers" not in doctor

    pushed = project.deploy("push", "shop.test", "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "shop.test is live: " in pushed.stderr
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert project.plan()["empty"]
    container = "shop-test-app-1"
    assert "GREETING=it's $HOME" in environment_of(project.vps, container)
    assert "TOKEN=" not in "".join(environment_of(project.vps, container)), "that is for its build alone"
    assert file_in(project.vps, container, "/data/done") == "1\n"

    commands_run_in_it(project)
    a_terminal_is_passed_on(project)
    nothing_goes_on_of_a_command_whose_caller_is_gone(project)

    project.commit("shop", {"www/index.html": "two\n"}, "The second page")
    pushed = project.deploy("push", "shop.test", "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert '"The second page"' in pushed.stderr
    assert project.get("shop.test", scheme="http") == (200, "two\n")
    assert project.plan()["empty"]
    listed = json.loads(project.deploy("releases", "shop.test", "--json").stdout)
    assert [each["subject"][8:] for each in listed] == ['"The second page"', '"Bring a shell along"']
    assert len(listed[0]["revision"]) == 40
    assert "shop.test" in project.deploy("status").stdout
    assert project.deploy("rollback", "shop.test").returncode == 0
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert project.plan()["empty"]

    assert (
        project.vps.run(
            "systemctl start deploy-job-shop.test-1; journalctl -u deploy-job-shop.test-1 -o cat"
        ).stdout.count("cleaned")
        == 1
    )
    assert project.vps.run("systemctl is-active deploy-job-shop.test-1.timer").stdout == "active\n"
    jobs_that_fail_are_told(project)

    project.sites["shop.test"]["environment"] = {"GREETING": "other"}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert "GREETING=other" in environment_of(project.vps, container)

    project.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert project.vps.run("docker ps -aq --filter label=com.docker.compose.project=shop-test").stdout == ""
    assert project.plan()["empty"]


def commands_run_in_it(project: Project) -> None:
    """What they say, what they end with, and their words, of which no shell has read any."""

    def called(program: str, *words: str) -> tuple[int, str, str]:
        done = project.deploy(program, "shop.test", "--", *words)
        return done.returncode, done.stdout, done.stderr

    words = ("it's", "a;b $HOME", "", "*", "-c", '"')
    for program in ("exec", "run"):
        assert called(program, BUSYBOX, "printf", "%s|", *words) == (0, "|".join(words) + "|", "")
        ends = called(program, BUSYBOX, "sh", "-c", "echo out; echo err >&2; exit 137")
        assert ends == (137, "out\n", "err\n")
        code, _, errors = called(program, "nowhere", "x")
        assert code == 127, errors
        assert f"✗ {program}: there is no program nowhere in " in errors.splitlines()[-1]
        ours = f"/usr/local/lib/deploy/bin/{program}"
        project.vps.run(f"mv {ours} {ours}.away")
        code, said, errors = called(program, BUSYBOX, "true")
        project.vps.run(f"mv {ours}.away {ours}")
        assert (code, said) == (1, "")
        assert f"has no program `{program}` yet" in errors
    shown = f"{BUSYBOX} cat /data/done; echo ${{#KEY}} $GREETING"
    code, said, _ = called("run", BUSYBOX, "sh", "-c", shown)
    assert (code, said.splitlines()) == (0, ["1", "32 it's $HOME"])
    assert project.vps.run(ONCE).stdout == ""
    done = project.deploy("exec", "shop.test", "--service", "db", "--", "ls")
    assert (done.returncode, done.stderr) == (
        1,
        "✗ exec: shop.test has no container of a service db; it has: app\n",
    )


FAILS = "echo of no use; [ -e /data/mended ] || exit 3"


def jobs_that_fail_are_told(project: Project) -> None:
    """By status, until that job goes well again; nothing stays of one that was stopped."""

    def ended(number: int) -> str:
        project.vps.run(f"systemctl start deploy-job-shop.test-{number}", check=False)
        return project.deploy("status").stdout

    assert "the last job failed, " in ended(2)
    said = project.deploy("status").stdout
    assert "by deploy-job-shop.test-2: it failed with exit code 3: of no use" in said
    assert "exit code 3" in ended(1)
    project.deploy("exec", "shop.test", "--", BUSYBOX, "touch", "/data/mended")
    assert "the last job failed" not in ended(2)
    unit = "deploy-job-shop.test-3.service"
    assert project.vps.run(f"systemctl show -P TimeoutStopUSec {unit}").stdout == "30s\n"
    drop_in = f"/run/systemd/system/{unit}.d"
    project.vps.run(f"install -D /dev/stdin {drop_in}/soon.conf", input="[Service]\nTimeoutStopSec=5\n")
    project.vps.run("systemctl daemon-reload")
    assert "by deploy-job-shop.test-3: it ran longer than it may" in ended(3)
    project.vps.run(f"rm -r {drop_in} && systemctl daemon-reload")
    assert project.vps.run(ONCE).stdout == ""
    project.vps.run("systemctl reset-failed")


def a_terminal_is_passed_on(project: Project) -> None:
    """With its size, its keys and its end."""
    for program in ("exec", "run"):
        ours, theirs = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 97, 0, 0))
        with contextlib.ExitStack() as stack:
            for each in (ours, theirs):
                stack.callback(os.close, each)
            words = [program, "shop.test", "--", BUSYBOX, "sh", "-c", TALK]
            argv = [*DEPLOY, *words]
            process = subprocess.Popen(argv, cwd=project.folder, stdin=theirs, stdout=theirs, stderr=theirs)
            said = b""
            while b"who?" not in said:
                said += os.read(ours, 1000)
            os.write(ours, b"Ad\x7fda\r")
            while b"ends\r\n" not in said:
                said += os.read(ours, 1000)
            assert process.wait(60) == 5
        assert b"33 97\r\n" in said
        assert b"hello Ada\r\n" in said


ONCE = "docker ps -aq --filter label=com.docker.compose.oneoff=True"


# Docker sets the size of a terminal a moment after the command has begun
SIZE = f"until {BUSYBOX} stty size 2>/dev/null | {BUSYBOX} grep ' 97'; do {BUSYBOX} sleep 0.1; done"


TALK = f"{SIZE}; echo who?; read name; echo hello $name; echo ends; exit 5"


def nothing_goes_on_of_a_command_whose_caller_is_gone(project: Project) -> None:
    """Neither in a container that stays, nor in one of its own."""
    for program, seconds in (("exec", 70321), ("run", 70322)):
        runs = f"pgrep -fx '{BUSYBOX} sleep {seconds}' >/dev/null"

        def cut(process: BaseProcess, runs: str = runs) -> None:
            until(project.vps, runs)
            process.kill()

        project.deploy(program, "shop.test", "--", BUSYBOX, "sleep", str(seconds), meanwhile=cut)
        until(project.vps, f"! {runs}")
    until(project.vps, f'[ -z "$({ONCE})" ]')
