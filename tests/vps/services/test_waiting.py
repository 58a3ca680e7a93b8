"""Visitors of a service wait while it is replaced, restarted or stopped for a while, and none of them gets an error."""

import subprocess
import time

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.load import BROKEN_OFF, Load, visiting
from vps.project import Project
from vps.services.conftest import APP, REGISTRY, Composition, served
from vps.services.registry import NO_CHECK
from vps.services.test_faults import PLACES, die
from vps.waiting import nobody_waits, until

__all__ = ["key"]
NAME, PORT = "waited.test", 8093
ECHO = r'mkdir /www/cgi-bin; printf \'#!/bin/sh\nprintf "\r\n"; cat\' >/www/cgi-bin/echo; chmod +x /www/cgi-bin/echo'
SERVE = f"{ECHO}; sleep 1; exec httpd -f -p 80 -h /www".replace("\\'", "'")
PAGES = frozenset(each.encode() for each in ("one", "two", *PLACES))


@pytest.fixture(scope="module")
def images(vps: Machine) -> Composition:
    return Composition(vps, NAME, PORT)


@pytest.fixture(scope="module")
def project(vps: Machine, images: Composition, tmp_path_factory: pytest.TempPathFactory):
    images.image("one", SERVE)
    with served(images, tmp_path_factory.mktemp("waiting")) as project:
        yield project
    assert "waited" not in vps.run("systemctl list-units 'deploy-room@*'").stdout


def load(vps: Machine) -> Load:
    return Load(vps.address, NAME, PAGES, "/cgi-bin/echo")


def push_among_visitors(project: Project) -> tuple[subprocess.CompletedProcess[str], Load]:
    """How a push ends while visitors ask before it, meanwhile and afterwards; and what they got."""
    with visiting(load(project.vps)) as asked:
        asked.goes_on()
        pushed = project.deploy("push", NAME)
        asked.goes_on()
    return pushed, asked


def test_a_push_and_a_restart_fail_no_request(project: Project, images: Composition, vps: Machine) -> None:
    images.image("two", SERVE)
    with visiting(load(vps)) as asked:
        asked.goes_on()
        pushed = project.deploy("push", NAME)
        asked.goes_on()
        restarted = project.deploy("restart", NAME)
        asked.goes_on()
    assert (pushed.returncode, restarted.returncode) == (0, 0), pushed.stdout + restarted.stdout
    assert not asked.wrong, asked.wrong
    assert asked.longest > 1, "somebody has waited"
    nobody_waits(vps, NAME, PORT)


def moves(project: Project, images: Composition, port: int, **more: object) -> None:
    """Apply another port of the site, and what else is said of it."""
    (project.folder / "app.yml").write_text(APP.format(image=images.repository, port=port))
    project.sites[NAME] |= {"port": port, **more}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.plan()["empty"]


def test_another_port_fails_no_request(project: Project, images: Composition, vps: Machine) -> None:
    with visiting(load(vps)) as asked:
        asked.goes_on()
        for port in (PORT + 2, PORT):
            moves(project, images, port)
            asked.goes_on()
    assert not asked.wrong, (asked.wrong, asked.statuses)
    nobody_waits(vps, NAME, PORT)
    assert vps.run("ls /run/deploy/rooms").stdout == f"{NAME}_{PORT}\n"


def test_what_is_slow_to_begin_has_as_long_as_is_said(project: Project, images: Composition) -> None:
    """Also without a health check, and visitors wait for it."""
    images.image("two", f"sleep 17; {SERVE}", Healthcheck=NO_CHECK)
    pushed, asked = push_among_visitors(project)
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert not asked.wrong, asked.wrong
    assert project.get(NAME, scheme="http") == (200, "two\n")


def test_an_image_that_crashes_fails_no_request(project: Project, images: Composition, vps: Machine) -> None:
    images.image("three", "exit 3")
    pushed, asked = push_among_visitors(project)
    assert pushed.returncode == 1
    assert not asked.wrong, asked.wrong
    nobody_waits(vps, NAME, PORT)


def test_a_program_that_dies_fails_no_page(project: Project, vps: Machine) -> None:
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        vps.run("docker kill waitedtest-app-1 && docker start waitedtest-app-1")
        asked.goes_on()
    errors = [each for each in asked.wrong if each[1] != BROKEN_OFF]
    assert not errors, errors
    assert asked.statuses[BROKEN_OFF] <= 2, (
        "an answer that had begun is cut off with its program, and no other"
    )
    nobody_waits(vps, NAME, PORT)


@pytest.mark.fault("Docker is started anew while visitors come")
def test_docker_that_begins_anew_fails_no_page(project: Project, vps: Machine) -> None:
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        vps.run("systemctl restart docker")
        asked.goes_on()
    errors = [each for each in asked.wrong if each[1] != BROKEN_OFF]
    assert not errors, errors
    assert asked.statuses[BROKEN_OFF] <= 8, "of each visitor what had begun"
    nobody_waits(vps, NAME, PORT)


@pytest.mark.in_turns("killed while visitors come")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.fault("a push of containers is killed at a step while visitors come")
def test_a_push_that_is_killed_fails_no_request(
    project: Project, images: Composition, vps: Machine, place: str
) -> None:
    images.image(place, SERVE)
    with visiting(load(vps)) as asked:
        asked.goes_on()
        die(images, place)
        pushed = project.deploy("push", NAME)
        asked.goes_on()
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert not asked.wrong, asked.wrong
    nobody_waits(vps, NAME, PORT)


def test_a_backup_and_a_restore_fail_no_request(
    project: Project, images: Composition, vps: Machine, key: Key
) -> None:
    images.image("two", SERVE)
    files = APP.format(image=images.repository, port=PORT) + '    volumes: ["./data:/data"]\n'
    (project.folder / "app.yml").write_text(files)
    (project.folder / "key.asc").write_bytes(key.public.read_bytes())
    project.more = {"backups": {"recipient": "key.asc"}}
    project.sites[NAME]["backup"] = {"consistency": "stop"}
    with visiting(load(vps)) as asked:
        applied = project.apply()
        asked.goes_on()
        saved = project.deploy("backup", NAME)
        asked.goes_on()
        restored = project.deploy("restore", NAME, "--yes", GNUPGHOME=str(key.home))
        asked.goes_on()
    done = (applied, saved, restored)
    assert [each.returncode for each in done] == [0, 0, 0], [each.stdout + each.stderr for each in done]
    assert not asked.wrong, asked.wrong
    nobody_waits(vps, NAME, PORT)


def test_what_is_stopped_on_purpose_says_so_at_once(project: Project, vps: Machine) -> None:
    assert project.deploy("stop", NAME).returncode == 0
    ask = f"curl -s -i --max-time 5 -H 'Host: {NAME}' http://127.0.0.1/"
    answer = vps.run(ask).stdout
    assert answer.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 10" in answer
    assert "Back soon" in answer
    posted = vps.run(f"{ask} -d something").stdout
    assert posted.startswith("HTTP/1.1 503 ")
    assert project.deploy("start", NAME).returncode == 0
    nobody_waits(vps, NAME, PORT)


def test_nobody_waits_for_longer_than_hold(project: Project, vps: Machine) -> None:
    project.sites[NAME]["hold"] = "2s"
    assert project.apply().returncode == 0
    page = project.get(NAME, scheme="http")[1].strip()
    assert page.encode() in PAGES
    vps.run("docker stop waitedtest-app-1")
    took = f"curl -s -o /dev/null -w '%{{http_code}} %{{time_total}}' -H 'Host: {NAME}' http://127.0.0.1/"
    status, seconds = vps.run(took).stdout.split()
    assert (status, 0.9 < float(seconds) < 30) == ("503", True)
    began = time.monotonic()
    assert "503" in project.deploy("status").stdout
    assert time.monotonic() - began < 60, "who looks how it is does not wait"
    vps.run("docker start waitedtest-app-1")
    until(vps, f"curl -s -H 'Host: {NAME}' http://127.0.0.1/ | grep -qxF '{page}'")


def test_a_service_that_starts_first_makes_nobody_wait(
    project: Project, images: Composition, vps: Machine
) -> None:
    """Said in sites.yaml, it changes nothing of what runs; then the new one is beside the old one, and a bad one is gone."""
    project.sites[NAME] |= {"hold": "60s", "replace": "start-first"}
    assert project.apply().returncode == 0
    assert project.plan()["empty"]
    before = vps.run("docker ps -q --no-trunc --filter name=waitedtest-app").stdout
    waited = f"systemctl show -P InvocationID deploy-room@{NAME}_{PORT}.service"
    nobody = vps.run(waited).stdout
    with visiting(load(vps)) as asked:
        asked.goes_on()
        for page, command, code in (("one", SERVE, 0), ("two", SERVE, 0), ("three", "exit 3", 1)):
            images.image(page, command)
            pushed = project.deploy("push", NAME)
            assert pushed.returncode == code, pushed.stdout + pushed.stderr
            asked.goes_on()
    assert not asked.wrong, asked.wrong
    assert vps.run(waited).stdout == nobody
    after = vps.run("docker ps -q --no-trunc --filter name=waitedtest-app").stdout
    assert (len(after), after != before) == (len(before), True)
    assert project.get(NAME, scheme="http") == (200, "two\n")
    assert project.plan()["empty"]
    assert "DEPLOY_PORT" not in vps.run(f"cat /opt/{NAME}/.env").stdout, "it is at its first port again"


def test_what_needs_another_service_starts_first_once(
    project: Project, images: Composition, vps: Machine
) -> None:
    """Its new container is as Compose wants it afterwards; but what waits for a job to end comes after that."""
    file, port = project.folder / "app.yml", images.port
    needs = APP.format(image=images.repository, port=port) + "    depends_on: {{store: {{condition: {}}}}}\n"
    store = f"  store: {{image: {REGISTRY}/base:1, restart: unless-stopped, stop_signal: SIGKILL"
    keeps = f"{store}, healthcheck: {{test: 'true', interval: 1s}}, command: [sleep, '9999']}}\n"
    job = f"  store: {{image: {REGISTRY}/base:1, command: ['true']}}\n"
    made = "docker events --since {} --until 0s --filter event=create --filter label=com.docker.compose.service=app"
    for condition, services, page, least in (
        ("service_healthy", keeps, "one", 0),
        ("service_completed_successfully", job, "two", 1),
    ):
        file.write_text(needs.format(condition) + services)
        assert project.apply().returncode == 0
        since = vps.run("date +%s.%N").stdout.strip()
        images.image(page, SERVE)
        pushed, asked = push_among_visitors(project)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert not asked.wrong, asked.wrong
        assert asked.longest > least
        assert len(vps.run(made.format(since)).stdout.splitlines()) == 1
        assert project.plan()["empty"]
        assert f"{NAME} is already up to date" in project.deploy("push", NAME).stderr
    file.write_text(APP.format(image=images.repository, port=port))
    assert project.apply().returncode == 0


def test_what_starts_first_moves_and_starts_first_no_more(
    project: Project, images: Composition, vps: Machine
) -> None:
    """From the port that is its second one, so that all of them change, and no request fails."""
    with visiting(load(vps)) as asked:
        asked.goes_on()
        for page, replaced in (("one", "start-first"), ("two", "stop-first")):
            images.image(page, SERVE)
            assert project.deploy("push", NAME).returncode == 0
            moves(project, images, PORT + 2, replace=replaced)
            asked.goes_on()
        moves(project, images, PORT, replace="start-first")
        asked.goes_on()
    assert not asked.wrong, (asked.wrong, asked.statuses)
    assert project.get(NAME, scheme="http") == (200, "two\n")
    assert "DEPLOY_PORT" not in vps.run(f"cat /opt/{NAME}/.env").stdout
    assert not vps.run("ls /var/lib/deploy/live", check=False).stdout


SECOND, SECOND_PORT = "second.test", PORT + 1


def test_a_second_site_at_a_service_comes_and_goes(
    project: Project, images: Composition, vps: Machine
) -> None:
    """Its visitors wait as those of the first one do."""
    two = APP.format(image=images.repository, port=PORT).replace(
        ':80"', f':80", "127.0.0.1:{SECOND_PORT}:80"'
    )
    second = Load(vps.address, SECOND, PAGES, "/cgi-bin/echo")
    del project.sites[NAME]["replace"]
    with visiting(load(vps)) as asked:
        asked.goes_on()
        (project.folder / "app.yml").write_text(two)
        project.sites[SECOND] = {"kind": "proxy", "port": SECOND_PORT, "https": False}
        assert project.apply().returncode == 0
        with visiting(second):
            second.goes_on()
            images.image("two", SERVE)
            assert project.deploy("push", NAME).returncode == 0
            second.goes_on()
        del project.sites[SECOND]
        moves(project, images, PORT)
        asked.goes_on()
    assert not asked.wrong, asked.wrong
    assert not second.wrong, second.wrong
