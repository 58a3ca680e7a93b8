"""A new container of an application starts beside the old one, and meets visitors only if it is well."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import pytest

from deployer.rehearsal.machine import Machine
from vps.load import BROKEN_OFF, Load, visiting
from vps.project import Project
from vps.services.application.conftest import BUSYBOX, DOCKERFILE, FIRST, FIRST_PORT, RUN, SECOND_PORT
from vps.services.conftest import numbers
from vps.waiting import client, until

KNOWN_AT_ONCE = f"""{DOCKERFILE}HEALTHCHECK --start-period=10s --start-interval=0.3s --timeout=2s \\
    CMD ["{BUSYBOX}", "wget", "-q", "-O", "/dev/null", "127.0.0.1"]
"""


RUN_WELL = rf"""#!{BUSYBOX} sh
{BUSYBOX} --install -s /bin
mkdir -p /www/cgi-bin
printf '#!/bin/sh\nprintf "\r\n"; cat' >/www/cgi-bin/echo
printf '#!/bin/sh\nprintf "\r\nbegun"; until [ -e /enough ]; do sleep 0.1; done; printf " ended"' >/www/cgi-bin/slow
printf '#!/bin/sh\nprintf "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"; . /www/cgi-bin/slow' >/www/cgi-bin/socket
chmod +x /www/cgi-bin/*
sleep 0.5
trap 'kill $!; exit' TERM
httpd -f -p 80 -h /www & wait
"""


@pytest.fixture(scope="module")
def first(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A user's folder with an application without volumes, which is live with the page "page"."""
    folder = tmp_path_factory.mktemp("first")
    site = {"kind": "app", "repository": "shop", "port": 80, "published": FIRST_PORT, "https": False}
    site |= {"watch": "0", "wait": "15s", "command": f"{BUSYBOX} sh /www/run"}
    one = Project(folder, vps, None, {FIRST: site})
    one.repository("shop", {"Dockerfile": KNOWN_AT_ONCE, "www/index.html": "page\n", "www/run": RUN_WELL})
    shutil.copy(vps.root / "bin/busybox", folder / "shop/busybox")
    one.commit("shop", {}, "Bring a shell along")
    for done in (one.apply(), one.deploy("push", FIRST, "--yes")):
        assert done.returncode == 0, done.stdout + done.stderr
    yield one
    one.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    gone = one.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert not vps.run("ls /var/lib/deploy/live", check=False).stdout


OF_FIRST = "docker ps -q --filter label=com.docker.compose.project=first-test"


BESIDE = f"until [ $({OF_FIRST} | wc -l) = 2 ]; do sleep 0.05; done"


LED = 'led() { ls /var/lib/deploy/live; }; was=$(led); until [ "$(led)" != "$was" ]; do sleep 0.02; done'


ENOUGH = f"for each in $({OF_FIRST}); do docker exec $each touch /enough; done"
NOT_ENOUGH = ENOUGH.replace("touch", "rm -f")


ENDS = f"{LED}; {ENOUGH}"
"""Downloads end when visitors are led elsewhere."""


def load(vps: Machine) -> Load:
    return Load(vps.address, FIRST, frozenset({b"page", b"two"}), "/cgi-bin/echo")


def live_ports(vps: Machine) -> list[str]:
    """Where its containers are."""
    ask = "docker ps --filter label=com.docker.compose.project=first-test --format '{{.Ports}}'"
    return sorted(line.split("->")[0].split(":")[-1] for line in vps.run(ask).stdout.splitlines())


def newest(vps: Machine) -> str:
    """The container that was made last."""
    return vps.run("docker ps --no-trunc --quiet").stdout.split()[0]


def push_first(
    project: Project, page: str, run: str = RUN_WELL, meanwhile: str = "true", code: int = 0, **files: str
) -> subprocess.CompletedProcess[str]:
    """Push another revision, with a command on the server beside it."""
    files = {"Dockerfile": KNOWN_AT_ONCE} | files
    files |= {"www/index.html": f"{page}\n", "www/run": run, "www/more": f"{next(numbers)}\n"}
    project.commit("shop", files)
    pushed = project.deploy(
        "push", FIRST, "--yes", meanwhile=lambda _: project.vps.run(meanwhile, check=False)
    )
    assert pushed.returncode == code, pushed.stdout + pushed.stderr
    return pushed


def download(vps: Machine) -> subprocess.Popen[str]:
    """A visitor whose answer takes until it is enough, also where the one of before has had enough."""
    vps.run(NOT_ENOUGH)
    argv = ["curl", "-sS", "-H", f"Host: {FIRST}", f"http://{vps.address}/cgi-bin/slow"]
    return client(argv, stdout=subprocess.PIPE)


def web_socket(vps: Machine) -> socket.socket:
    """What a visitor has opened by which it is told something when it is enough."""
    line = socket.create_connection((vps.address, 80), timeout=60)
    ask = (
        f"GET /cgi-bin/socket HTTP/1.1\r\nHost: {FIRST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    line.sendall(ask.encode())
    return line


def test_the_new_one_starts_beside_the_old_one(first: Project) -> None:
    """Nobody waits, and whoever has begun a download or has a WebSocket ends it; afterwards all is as it was, at the other port."""
    vps = first.vps
    with visiting(load(vps)) as asked, web_socket(vps) as line, line.makefile() as told:
        asked.goes_on()
        slow = download(vps)
        push_first(first, "two", meanwhile=ENDS)
        asked.goes_on()
        said = told.read()
    assert not asked.wrong, asked.wrong
    assert slow.communicate()[0] == "begun ended"
    assert said.startswith("HTTP/1.1 101 ")
    assert said.endswith("begun ended")
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert live_ports(vps) == [str(SECOND_PORT)]
    assert first.plan()["empty"]

    vps.run(f"cd /opt/{FIRST} && docker compose up -d && systemctl restart docker")
    until(vps, f"curl -s -H 'Host: {FIRST}' http://127.0.0.1/ | grep -qx two")
    assert live_ports(vps) == [str(SECOND_PORT)]
    for command in ("restart", "stop", "start"):
        done = first.deploy(command, FIRST)
        assert done.returncode == 0, done.stdout + done.stderr
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert live_ports(vps) == [str(SECOND_PORT)]
    assert first.deploy("status", FIRST).returncode == 0
    assert f"{FIRST} is already up to date" in first.deploy("push", FIRST, "--yes").stderr


@pytest.mark.parametrize("run", ["exit 3", f"exec {BUSYBOX} sleep 1000"], ids=["ends", "deaf"])
def test_a_bad_image_meets_no_visitor(first: Project, run: str) -> None:
    """One that ends, and one that answers nobody; the old one is not touched."""
    before = newest(first.vps), first.get(FIRST, scheme="http"), live_ports(first.vps)
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        pushed = push_first(first, "broken", run, code=1, Dockerfile=DOCKERFILE)
        asked.goes_on()
    assert "first.test is as it was: " in pushed.stderr
    assert not asked.wrong, asked.wrong
    assert asked.longest < 3, "nobody has waited"
    assert (newest(first.vps), first.get(FIRST, scheme="http"), live_ports(first.vps)) == before
    assert first.plan()["empty"]


def test_one_that_is_slow_to_begin_has_as_long_as_is_said(first: Project) -> None:
    push_first(first, "two", f"{BUSYBOX} sleep 12; {RUN_WELL}", Dockerfile=DOCKERFILE)
    assert first.get(FIRST, scheme="http")[1] == "two\n"


def test_a_rollback_starts_the_one_of_before_beside(first: Project) -> None:
    push_first(first, "two")
    push_first(first, "page")
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        assert first.deploy("rollback", FIRST).returncode == 0
        asked.goes_on()
    assert not asked.wrong, asked.wrong
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert first.plan()["empty"]


def test_another_port_turns_nobody_away_and_neither_does_one_that_is_no_good(first: Project) -> None:
    """Where NGINX finds it, as it was published and where a push has led visitors; then with what crashes, or listens elsewhere."""
    vps, before = first.vps, dict(first.sites[FIRST])

    def applied(code: int = 0, **keys: object) -> None:
        first.sites[FIRST] = before | keys
        done = first.apply()
        assert done.returncode == code, done.stdout + done.stderr
        assert (f"{FIRST} goes back to what it was" in done.stdout + done.stderr) == bool(code)

    with visiting(load(vps)) as asked:
        asked.goes_on()
        applied(published=8095)
        asked.goes_on()
        assert live_ports(vps) == ["8095"]
        push_first(first, "two", meanwhile=ENDS)
        assert live_ports(vps) == ["28095"]
        applied(published=8096)
        asked.goes_on()
        assert live_ports(vps) == ["8096"]
        for bad in ({"command": f"{BUSYBOX} false"}, {"port": 81}):
            applied(1, published=8094, **bad)
            asked.goes_on()
            assert live_ports(vps) == ["8096"]
    assert not asked.wrong, asked.wrong
    applied()
    assert (first.get(FIRST, scheme="http"), live_ports(vps)) == ((200, "two\n"), [str(FIRST_PORT)])
    assert first.plan()["empty"]


def test_who_goes_on_for_longer_than_drain_is_cut_off(first: Project) -> None:
    first.sites[FIRST]["drain"] = "1s"
    assert first.apply().returncode == 0
    slow = download(first.vps)
    push_first(first, "page")
    assert slow.communicate()[0] == "begun"
    del first.sites[FIRST]["drain"]
    assert first.apply().returncode == 0


@pytest.mark.fault("what was started beside the old one dies while that is drained")
def test_the_new_one_dies_while_the_old_one_is_drained(first: Project) -> None:
    """Visitors are back with the old one, and none of them has noticed."""
    vps, ports = first.vps, live_ports(first.vps)
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        slow = download(vps)
        pushed = push_first(first, "page", meanwhile=f"{LED}; docker kill $({OF_FIRST} | head -n 1)", code=1)
        asked.goes_on()
    assert "✗ up: app ended with exit code 137" in pushed.stdout + pushed.stderr
    assert not [each for each in asked.wrong if each[1] != BROKEN_OFF], asked.wrong
    vps.run(ENOUGH)
    assert slow.communicate()[0] == "begun ended"
    assert live_ports(vps) == ports
    assert first.plan()["empty"]


def test_an_interruption_tells_what_becomes_of_the_push(first: Project) -> None:
    """It is given up while it builds, and finished once it goes live."""

    def push_until(moment: str) -> str:
        return first.interrupted(moment, "push", FIRST, "--yes")

    first.commit("shop", {"Dockerfile": DOCKERFILE + RUN.format("sleep 60")})
    assert f"! {FIRST}: {first.vps.address} gives it up, unless" in push_until("pgrep -f '[d]ocker build '")
    until(first.vps, "tail -n 1 /var/log/deploy/push.log | grep 'the caller is gone: given up'")
    first.commit(
        "shop", {"Dockerfile": KNOWN_AT_ONCE, "www/index.html": "page\n", "www/more": f"{next(numbers)}\n"}
    )
    assert f"! {FIRST}: {first.vps.address} goes on with it: it was going live" in push_until(BESIDE)
    until(first.vps, 'tail -n 1 /var/log/deploy/push.log | grep \'"result":"live"\'')


BESIDE_IT, REPLACE = "lib/composition/beside", "lib/composition/replace"


MOMENTS = {
    "before the new one is started": (BESIDE_IT, "    DEPLOY_PORT=$(ports_from"),
    "when the new one runs": (BESIDE_IT, "    for ((number = 0"),
    "when the new one answers": (BESIDE_IT, '    lead_to "$PORT" || fail'),
    "when NGINX's file says so": (BESIDE_IT, "    reload && return"),
    "when visitors are led there": (BESIDE_IT, '    say "  visitors are led'),
    "while the old one is drained": (BESIDE_IT, "        if news; then judge_new; fi\n    done"),
    "when .env says so": (BESIDE_IT, '    remove_at "${old[@]}"'),
    "when the old one has stopped": (BESIDE_IT, '    docker rm --force "$@" >'),
    "when the old one is gone": (BESIDE_IT, "    if [[ -z ${1:-} ]]; then WITHOUT_HOLD=1 bring_up"),
    "when it is remembered": (REPLACE, '    rm -f "$IMAGES/interrupted"\n    mv "$WORK'),
}
"""Each step of a push that starts first: the script, and the line before which it is cut off."""


AFTER_IT = [*MOMENTS][[*MOMENTS].index("when .env says so") :]
"""Nobody is at the old one any more."""


@contextlib.contextmanager
def cut_off(vps: Machine, moment: str, how: str) -> Iterator[None]:
    """Pushes do that at the moment."""
    part, line = MOMENTS[moment]
    script = vps.root / "usr/local/lib/deploy" / part
    text = script.read_text()
    assert text.count(line) == 1, line
    script.write_text(text.replace(line, f"    {how}\n{line}"))
    try:
        yield
    finally:
        script.write_text(text)


def one_serves(project: Project, page: str) -> None:
    """One version, at the port that the files on the server say, and all is well."""
    vps = project.vps
    (port,) = live_ports(vps)
    led = vps.run("ls /var/lib/deploy/live", check=False).stdout
    said = vps.run(f"grep DEPLOY_PORT /opt/{FIRST}/.env", check=False).stdout
    assert led + said == ("" if port == str(FIRST_PORT) else f"{FIRST}.conf\nDEPLOY_PORT={port}\n")
    assert project.get(FIRST, scheme="http") == (200, f"{page}\n")
    assert project.deploy("status", FIRST).returncode == 0
    assert project.plan()["empty"]


@pytest.mark.in_turns("start first is killed")
@pytest.mark.fault("a push that starts the new one beside the old one is killed at a step")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_push_is_killed_at_a_step_of_start_first(first: Project, moment: str) -> None:
    """Visitors are served all the time, and the next push leaves one of both, and a plan that is empty."""
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        slow = download(first.vps)
        with cut_off(first.vps, moment, "kill -KILL $$"):
            push_first(first, "two", code=3, meanwhile=ENDS if moment in AFTER_IT else "true")
        asked.goes_on()
        said = push_first(first, "page", meanwhile=ENDS)
        asked.goes_on()
    assert "was killed: cleaning up after it" in said.stdout + said.stderr
    assert not asked.wrong, asked.wrong
    assert slow.communicate()[0] == "begun ended"
    one_serves(first, "page")


@pytest.mark.in_turns("start first loses its power")
@pytest.mark.fault("the power fails while a new one runs beside the old one")
@pytest.mark.parametrize("moment", ["when NGINX's file says so", "while the old one is drained"])
def test_the_power_fails_while_both_run(first: Project, moment: str) -> None:
    """When the server has started, the one of before serves, alone; the next push goes over."""
    vps = first.vps
    push_first(first, "page")
    first.commit("shop", {"www/index.html": "two\n"})
    visitor = download(vps)

    def pull_the_plug(_: BaseProcess) -> None:
        until(vps, "[ -e /root/now ]")
        assert len(live_ports(vps)) == 2
        vps.restart()

    with cut_off(vps, moment, "[[ -e /root/now ]] || { touch /root/now; sleep 100; }"):
        first.deploy("push", FIRST, "--yes", meanwhile=pull_the_plug)
        until(vps, f"[ ! -e /srv/deploy/{FIRST}/images/interrupted ] && [ ! -e /srv/deploy/{FIRST}/work ]")
    visitor.kill()
    vps.run("rm /root/now")
    one_serves(first, "page")
    push_first(first, "two")
    one_serves(first, "two")


def test_what_an_image_keeps_in_a_volume_of_its_own_is_kept(first: Project) -> None:
    """Docker gives each new container an empty one: so it goes along only where the old container is replaced."""
    vps = first.vps
    keeping = KNOWN_AT_ONCE + "VOLUME /kept\n"
    push_first(first, "page", Dockerfile=keeping)
    vps.run(f"docker exec {newest(vps)} touch /kept/mine; docker volume ls -q >/tmp/volumes")
    said = push_first(first, "two", Dockerfile=keeping)
    assert (
        "its image keeps /kept in a volume of its own: the old one stops first" in said.stderr + said.stdout
    )
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    kept = vps.run(f"docker exec {newest(vps)} ls /kept; docker volume ls -q | diff /tmp/volumes -").stdout
    assert kept == "mine\n"
    push_first(first, "page")


def test_a_revision_whose_worker_is_no_good_meets_no_visitor_either(first: Project) -> None:
    """What runs the same image beside it is known to be well before visitors are led to the new one."""
    serves = f"exec {BUSYBOX} httpd -f -p 80 -h /www\n"
    push_first(first, "page", **{"www/mail": serves})
    first.sites[FIRST]["workers"] = {"mail": f"{BUSYBOX} sh /www/mail"}
    assert first.apply().returncode == 0
    page = Load(first.vps.address, FIRST, frozenset({b"page"}), "/cgi-bin/echo")
    with visiting(page) as asked:
        asked.goes_on()
        pushed = push_first(first, "two", code=1, **{"www/mail": "exit 3\n"})
        asked.goes_on()
    assert "mail crashes again and again (exit code 3)" in pushed.stderr, pushed.stderr
    assert not asked.wrong, asked.wrong
    assert len(live_ports(first.vps)) == 2
    push_first(first, "two", **{"www/mail": f"{serves}\n"})
    assert first.plan()["empty"]
    del first.sites[FIRST]["workers"]
    assert first.apply().returncode == 0


def test_several_of_it_share_its_visitors(first: Project) -> None:
    """They come beside the one, and one of them can end without anybody noticing."""
    vps = first.vps
    first.sites[FIRST]["replicas"] = 2
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        applied = first.apply()
        asked.goes_on()
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert len(live_ports(vps)) == 2
        assert first.plan()["empty"]
        push_first(first, "two")
        asked.goes_on()
        vps.run(f"docker kill $({OF_FIRST} | head -n 1)")
        asked.goes_on()
    assert not [each for each in asked.wrong if each[1] != BROKEN_OFF], asked.wrong
    assert "app ended with exit code 137" in first.deploy("status").stdout
    assert first.apply().returncode == 0
    assert len(live_ports(vps)) == 2
    assert first.plan()["empty"]
