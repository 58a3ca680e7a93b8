"""Ports, projects, names and kinds change hands: no visitor gets another's page, and nothing is left or lost."""

import json
import re
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import HEALTHY, NO_FILTERS, PACKAGES, REGISTRY, SERVE, prepare, registry_of
from vps.visitors import Visitors, ask
from vps.waiting import until
from vps.walk.ground import MORE
from vps.walk.seen import Docker

pytestmark = pytest.mark.in_turns("faults", of="modules")

IMAGE = f"{REGISTRY}/owner:1"
GATE = "/srv/gate/open"
REDIRECT = {"kind": "redirect", "to": "https://example.org", "https": False}


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """With what the walk has, too: a site of files finds its packages installed."""
    masked = ("fail2ban.service", "ufw.service")
    with Machine.boot("debian-13", (*PACKAGES, *MORE), masked=masked, files=NO_FILTERS) as machine:
        prepare(machine)
        yield machine


@pytest.fixture(scope="module")
def image(vps: Machine) -> str:
    registry_of(vps).push("owner", SERVE, {"Healthcheck": HEALTHY}, "nobody")
    vps.run(
        f"docker pull --quiet {IMAGE} && docker create --name keeper {IMAGE}"
    )  # so that none pulls it again
    return IMAGE


@pytest.fixture
def project(vps: Machine, image: str, tmp_path: Path) -> Iterator[Project]:
    others = {f"other{number}.test": REDIRECT for number in range(5)}
    yield Project(tmp_path, vps, None, dict(others))
    vps.run("systemctl start docker")
    told = arranged(Project(tmp_path, vps, None, others))
    assert running(vps) == {}, told
    vps.run(
        "rm -rf /srv/deploy/*.test /var/www/*.test"
    )  # what was published stays, and another test publishes nothing


def stack(of: Project, name: str, port: int, page: str = "", top: str = "", **more: Any) -> None:
    """A site in containers, whose page says whose it is; `top` is what begins its compose file.

    One that is `gated` comes up when GATE is there.
    """
    page = page or name
    script = f"mkdir -p /w && echo {page} > /w/index.html && exec /bin/busybox httpd -f -p 80 -h /w"
    gated = more.pop("gated", False)
    if gated:
        script = f"sleep 1; until [ -e /gate/open ]; do sleep 0.1; done; {script}"
    app: dict[str, Any] = {
        "image": IMAGE,
        "command": ["/bin/busybox", "sh", "-c", script],
        "ports": [f"127.0.0.1:{port}:80"],
        "stop_signal": "SIGKILL",
        "volumes": ["/srv/gate:/gate:ro"] if gated else [],
    } | more.pop("app", {})
    file = {"services": {"app": app}} | ({"name": top} if top else {}) | more.pop("file", {})
    (of.folder / f"{name}.yml").write_text(json.dumps(file))
    of.sites[name] = {
        "kind": "compose", "file": f"{name}.yml", "port": port, "https": False, "wait": "60s", "watch": "0",
    } | more  # fmt: skip


def fails(project: Project, name: str, port: int, top: str = "", **more: Any) -> None:
    """The same, but it ends at once."""
    stack(project, name, port, top=top, app={"command": ["/bin/busybox", "sh", "-c", "exit 3"]}, **more)


def running(vps: Machine) -> dict[str, int]:
    """How many containers run of each project."""
    return Counter(project for project, _ in standing(vps))


def standing(vps: Machine) -> list[tuple[str, frozenset[int]]]:
    """The project of each container that runs, and its ports, asked at Docker's socket: often, and it costs little."""
    docker = Docker(vps.leader)
    found = docker.get("/containers/json")
    docker.close()
    ports = [
        frozenset(port["PublicPort"] for port in each["Ports"] if "PublicPort" in port) for each in found
    ]
    projects = [each["Labels"].get("com.docker.compose.project", "") for each in found]
    return list(zip(projects, ports, strict=True))


def arranged(project: Project, *arguments: str, code: int = 0) -> str:
    """What an apply says that ends so."""
    done = project.deploy("apply", "--yes", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def applied(project: Project, *arguments: str, code: int = 0) -> str:
    """The same of one that the test is about: where all of it went well, nothing is left to do."""
    said = arranged(project, *arguments, code=code)
    if code == 0 and not arguments:
        assert project.plan()["empty"], said
    return said


def page(project: Project, name: str) -> str:
    return ask(project.vps.address, name)


@pytest.mark.in_turns("change of name, project or kind")
def test_a_new_name_for_one_project_keeps_it_running(project: Project) -> None:
    vps = project.vps
    opened: dict[str, Any] = {"secrets": {"PASSWORD": "generate"}, "file": {"volumes": {"data": {}}}}
    app = {"environment": {"PASSWORD": "${PASSWORD}", "BY_HAND": "${BY_HAND:-}"}, "volumes": ["data:/data"]}
    stack(project, "alma.test", 8201, top="one", app=app, **opened)
    arranged(project)
    (password,) = re.findall(
        r"^PASSWORD='(\w{32})'$", vps.run("cat /opt/alma.test/.env").stdout, re.MULTILINE
    )
    vps.run("cat >>/opt/alma.test/.env", input='BY_HAND="of ${PASSWORD}"\n')
    del project.sites["alma.test"]
    fails(project, "berta.test", 8201, top="one", **opened)
    assert "alma.test stays." in applied(project, code=1)
    assert (page(project, "alma.test"), running(vps)) == ("alma.test", {"one": 1})
    vps.run("sed -i s/^PASSWORD=.*/PASSWORD=stale/ /opt/berta.test/.env")
    stack(project, "berta.test", 8201, top="one", app=app, **opened)
    told = applied(project)
    assert (
        "berta.test takes the place of alma.test, and goes on as its Compose project one, with volume one_data "
        "and its values of BY_HAND, PASSWORD. What else is in /opt/alma.test stays there. "
        "To take that over, too, write `directory: /opt/alma.test`"
    ) in " ".join(told.split())
    assert "begins anew" not in told
    assert "containers of alma.test: berta.test goes on with them" in told
    assert (page(project, "berta.test"), running(vps)) == ("berta.test", {"one": 1})
    has = vps.run("docker inspect --format '{{join .Config.Env \"\\n\"}}' one-app-1").stdout.splitlines()
    assert {f"PASSWORD={password}", f"BY_HAND=of {password}"} <= {*has}
    assert password not in told + vps.run("cat /var/log/deploy/push.log").stdout
    assert vps.run("stat -c '%a %U' /opt/berta.test/.env").stdout == "600 root\n"


@pytest.mark.in_turns("change of name, project or kind")
def test_a_new_name_turns_away_nobody_who_comes_by_the_old_one(project: Project) -> None:
    stack(project, "alma.test", 8201, top="one")
    arranged(project)
    del project.sites["alma.test"]
    stack(project, "berta.test", 8201, page="berta.test", top="two", aliases=["alma.test"])
    with Visitors(project.vps.address, ["alma.test"]) as visitors:
        applied(project)
    assert {*visitors.seen["alma.test"]} <= {"alma.test", "berta.test", "301"}, visitors.seen
    assert page(project, "alma.test") == "301"
    assert (page(project, "berta.test"), running(project.vps)) == ("berta.test", {"two": 1})


@pytest.mark.in_turns("change of place")
def test_what_takes_nothing_of_others_comes_up_at_once(project: Project) -> None:
    project.vps.run("install -d -m 777 /srv/meeting")
    names = ["alma.test", "berta.test"]
    all_there = " && ".join(f"[ -e /meeting/{name} ]" for name in names)
    for number, name in enumerate(names):
        script = f"touch /meeting/{name}; until {all_there}; do sleep 0.1; done; mkdir /w; echo {name} > /w/index.html; "
        command = ["/bin/busybox", "sh", "-c", f"{script} exec /bin/busybox httpd -f -p 80 -h /w"]
        stack(project, name, 8201 + number, app={"command": command, "volumes": ["/srv/meeting:/meeting"]})
        project.sites[name]["wait"] = "20s"
    fails(project, "delia.test", 8204)
    second = (
        "[ -e /meeting/first ] || { touch /meeting/first; exit 3; }; mkdir /w; echo second > /w/index.html; "
    )
    command = ["/bin/busybox", "sh", "-c", f"{second} exec /bin/busybox httpd -f -p 80 -h /w"]
    stack(project, "emil.test", 8205, app={"command": command, "volumes": ["/srv/meeting:/meeting"]})
    said = applied(project, code=1)
    assert "  emil.test is tried once more, by itself, when the others are up." in said
    assert page(project, "emil.test") == "second", said
    assert [page(project, name) for name in names] == names, said
    assert "  delia.test goes back to what it was; everything else stays live." in said
    assert running(project.vps) == {
        "almatest": 1,
        "bertatest": 1,
        "emiltest": 1,
    }
    not_well_and_not_tried_by_every_apply(project)
    project.vps.run("rm -r /srv/meeting")


def not_well_and_not_tried_by_every_apply(project: Project) -> None:
    """Two that have failed are tried when nothing else is to be done, or by their names, and each once."""
    project.sites["other0.test"] = REDIRECT | {"to": "https://example.org/elsewhere"}
    fails(project, "frida.test", 8206)
    said = applied(project, code=1)
    why = r"bringing it up failed at [\d: -]+ UTC \(app ended with exit code 3\) and nothing of it has changed since"
    assert re.search(
        rf"! delia.test is left as it is: {why}; this tries it again: deploy apply delia.test\.", said
    )
    assert ("▸ delia.test" in said, "▸ frida.test" in said) == (False, True), said
    mark = "/srv/deploy/delia.test/failed"
    tried = project.vps.run(f"stat -c %a {mark}; sed 's/=[0-9a-f]*$//' {mark}").stdout
    assert tried == "600\ntime\ntried\nwhy=app ended with exit code 3\n"
    told = project.deploy("status", COLUMNS="300").stdout
    why = why.removesuffix(" and nothing of it has changed since")
    assert re.search(
        rf"✗ delia.test is not up: {why}; this tries it again: deploy apply delia.test\n", told
    ), told
    listed = project.deploy("services", "delia.test", COLUMNS="300").stderr
    assert re.search(rf"! delia.test has no containers: {why}; this tries it again", listed), listed
    why += " and nothing of it has changed since"
    said = applied(project, code=1)
    assert re.search(rf"! delia.test: {why}; it is tried once more", said), said
    assert (said.count("▸ delia.test"), "by itself, when the others are up" in said) == (1, False), said
    stack(project, "delia.test", 8204)
    said = applied(project, "delia.test")
    assert "! delia.test: " not in said
    assert project.vps.run(f"test ! -e {mark}", check=False).returncode == 0


def both_up(project: Project) -> None:
    stack(project, "alma.test", 8201)
    stack(project, "berta.test", 8202)
    arranged(project)


def test_ports_change_hands(project: Project) -> None:
    both_up(project)
    stack(project, "alma.test", 8202, page="alma in a chain")
    stack(project, "berta.test", 8203, page="berta in a chain")
    told = applied(project, "alma.test", code=1)
    assert "berta.test has port 8202 until that is applied, too" in told
    assert page(project, "alma.test") == "alma.test"
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        applied(project)
    assert visitors.pages("alma.test") == {"alma.test", "alma in a chain"}
    assert visitors.pages("berta.test") == {"berta.test", "berta in a chain"}
    assert not any(visitors.failed.values()), visitors.seen
    assert running(project.vps) == {"almatest": 1, "bertatest": 1}

    stack(project, "alma.test", 8203, page="alma again")
    stack(project, "berta.test", 8202, page="berta again")
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        applied(project)
    assert visitors.pages("alma.test") == {"alma in a chain", "alma again"}
    assert visitors.pages("berta.test") == {"berta in a chain", "berta again"}
    assert not any(visitors.failed.values()), visitors.seen
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma again", "berta again")

    del project.sites["alma.test"]
    stack(project, "berta.test", 8203)
    plan = project.deploy("plan").stdout
    assert "berta.test takes port 8203 of alma.test" in plan
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        applied(project)
    assert visitors.pages("alma.test") <= {"alma again"}
    assert visitors.pages("berta.test") == {"berta again", "berta.test"}
    assert running(project.vps) == {"bertatest": 1}


@pytest.mark.in_turns("change of place")
def test_what_is_of_no_use_leaves_all_as_they_were(project: Project) -> None:
    stack(project, "alma.test", 8201)
    stack(project, "berta.test", 8202, aliases=["www.test"])
    arranged(project)
    stack(project, "alma.test", 8202)
    fails(project, "berta.test", 8203)
    project.sites["carla.test"] = REDIRECT | {"aliases": ["www.test", "alias.test"]}
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        told = applied(project, code=1)
    assert "alma.test waits: it takes port 8202 from berta.test, which stays as it was." in told
    assert "carla.test waits: it takes the name www.test from berta.test, which stays as it was." in told
    assert (has_name(project, "www.test"), has_name(project, "alias.test")) == (["berta.test"], [])
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma.test", "berta.test")
    assert visitors.failed["alma.test"] == 0
    assert visitors.pages("berta.test") == {"berta.test"}

    fails(project, "berta.test", 8201)
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        applied(project, code=1)
    assert visitors.pages("alma.test") == {"alma.test"}
    assert visitors.pages("berta.test") == {"berta.test"}
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma.test", "berta.test")

    del project.sites["alma.test"]
    with Visitors(project.vps.address, ["alma.test", "berta.test"]) as visitors:
        told = applied(project, code=1)
    assert "  alma.test stays." in told
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma.test", "berta.test")
    assert visitors.pages("alma.test") == {"alma.test"}
    assert visitors.pages("berta.test") == {"berta.test"}
    assert running(project.vps) == {"almatest": 1, "bertatest": 1}
    assert project.plan()["compositions"]["down"] == ["alma.test"]

    stack(project, "berta.test", 8203)
    applied(project)
    assert has_name(project, "www.test") == ["carla.test"]
    assert running(project.vps) == {"bertatest": 1}


def has_name(project: Project, name: str) -> list[str]:
    """The sites whose files of NGINX have the name."""
    found = project.vps.run(f"grep -lE 'server_name .*{name}[ ;]' /etc/nginx/conf.d/*", check=False).stdout
    return [Path(line).stem for line in found.split()]


@pytest.mark.in_turns("change of name, project or kind")
def test_another_project_goes_on_unless_that_would_lose_data(project: Project) -> None:
    stack(project, "alma.test", 8201, top="one")
    arranged(project)
    stack(project, "alma.test", 8201, top="two", page="two")
    with Visitors(project.vps.address, ["alma.test"]) as visitors:
        applied(project)
    assert visitors.pages("alma.test") == {"alma.test", "two"}
    assert running(project.vps) == {"two": 1}
    fails(project, "alma.test", 8201, top="four")
    said = applied(project, code=1)
    assert (page(project, "alma.test"), running(project.vps)) == ("two", {"two": 1}), said

    data = {"app": {"volumes": ["data:/data"]}, "file": {"volumes": {"data": {}}}}
    stack(project, "alma.test", 8202, top="three", page="three", **data)
    applied(project)
    assert running(project.vps) == {"three": 1}
    stack(project, "alma.test", 8204, top="five", **data)  # both could run side by side
    said = applied(project, code=1)
    assert "alma.test is left as it is: its volume three_data is of the Compose project three" in said
    assert "`project: three`" in said
    assert running(project.vps) == {"three": 1}
    stack(project, "alma.test", 8203, project="three", **data)
    applied(project)
    assert running(project.vps) == {"three": 1}


@pytest.mark.in_turns("change of place")
def test_what_could_not_be_ended_is_still_owed(project: Project) -> None:
    vps = project.vps
    stack(project, "alma.test", 8201)
    arranged(project)
    del project.sites["alma.test"]
    vps.run("systemctl stop docker.socket docker")
    try:
        told = applied(project, code=1)
    finally:
        vps.run("systemctl start docker")
    assert "alma.test" in told
    until(vps, "docker ps")
    plan = project.plan()
    assert not plan["empty"]
    assert plan["compositions"]["down"] == ["alma.test"]
    applied(project)
    assert running(vps) == {}, told


@pytest.fixture
def gate(vps: Machine) -> Iterator[None]:
    """The folder where the way is opened for what is gated."""
    vps.run("mkdir -p /srv/gate")
    yield
    vps.run("systemctl stop gate; rm -r /srv/gate", check=False)


# open while berta.test answers: what waits at it cannot come up as long as visitors of berta.test wait for it
BERTA_ANSWERS = """
while :; do
    if curl --silent --fail --header 'Host: berta.test' 127.0.0.1; then touch GATE; else rm -f GATE; fi
    sleep 0.1
done
""".replace("GATE", GATE)


@pytest.mark.in_turns("change of place")
def test_visitors_are_led_there_when_it_answers(project: Project, gate: None) -> None:
    stack(project, "alma.test", 8201)
    stack(project, "berta.test", 8202)
    project.sites["chris.test"] = REDIRECT
    arranged(project)
    project.vps.run(f"systemd-run --collect --unit=gate bash -c {shlex.quote(BERTA_ANSWERS)}")
    stack(project, "alma.test", 8201, gated=True)
    stack(project, "berta.test", 8203, page="berta again")
    stack(project, "chris.test", 8204, gated=True)
    with Visitors(project.vps.address, ["berta.test", "chris.test"]) as visitors:
        applied(project)
    assert visitors.pages("berta.test") == {"berta.test", "berta again"}
    assert visitors.seen["chris.test"][-2:] == ["301", "chris.test"]
    assert not {"502", "503"} & {*visitors.seen["chris.test"]}


SEEN = {"test": ["CMD", "/bin/busybox", "test", "-e", "/w/seen"], "interval": "2s", "timeout": "2s"}


@pytest.mark.in_turns("change of place")
def test_visitors_are_led_to_what_replaces_theirs_before_it_is_well_and_back(project: Project) -> None:
    stack(project, "alma.test", 8201)
    arranged(project)
    path = project.folder / "alma.test.yml"
    blue = json.loads(path.read_text())["services"]["app"]
    stack(project, "alma.test", 8202, page="alma again", app={"healthcheck": SEEN | {"retries": 2}})
    with Visitors(project.vps.address, ["alma.test"]) as visitors:
        assert "alma.test goes back to what it was" in applied(project, code=1)
    assert visitors.seen["alma.test"][-1] == "alma.test"
    assert running(project.vps) == {"almatest": 1}

    # what is not replaced has its visitors until the new one is well
    stack(project, "alma.test", 8202, page="green", app={"healthcheck": SEEN | {"retries": 2}})
    green = json.loads(path.read_text())["services"]["app"]
    path.write_text(json.dumps({"services": {"app": blue, "green": green}}))
    with Visitors(project.vps.address, ["alma.test"]) as visitors:
        assert "green is unhealthy" in applied(project, code=1)
    assert visitors.pages("alma.test") == {"alma.test"}

    stack(project, "alma.test", 8202, page="alma again", app={"healthcheck": SEEN | {"retries": 100}})
    with Visitors(project.vps.address, ["alma.test"]) as visitors, ThreadPoolExecutor() as beside:
        applying = beside.submit(applied, project)
        while not applying.done() and "alma again" not in visitors.pages("alma.test"):
            time.sleep(0.1)
        assert not applying.done()
        project.vps.run("docker exec almatest-app-1 /bin/busybox touch /w/seen")
        applying.result()
    assert visitors.seen["alma.test"][-1] == "alma again"


TOPS = ("one", "two", "three", "four")
KINDS = ("static", "redirect", "proxy", "compose")
ANSWERS = {"static": "404", "redirect": "301", "proxy": "nobody", "compose": "mine"}


def becomes(project: Project, name: str, kind: str, number: int = 0) -> None:
    """The site is of this kind; `number` tells its ports from those of others."""
    if kind == "compose":
        stack(project, name, 8201 + number, page="mine", top=TOPS[number])
    elif kind == "redirect":
        project.sites[name] = REDIRECT
    elif kind == "proxy":
        project.sites[name] = {"kind": "proxy", "port": 8210 + number, "https": False}
    else:
        repository = "https://git.example.org/alma.git"
        project.sites[name] = {"kind": kind, "repository": repository, "https": False}


@pytest.mark.in_turns("change of name, project or kind")
def test_every_kind_becomes_every_other(project: Project) -> None:
    """Four sites at once, each of another kind, and each round takes another step in the circle of kinds."""
    names = ["alma.test", "berta.test", "carla.test", "delia.test"]
    ports = [f"127.0.0.1:{port}:80" for port in range(8209, 8214)]
    stack(project, "by.test", 8209, page="nobody", app={"ports": ports})
    kinds, tried = list(KINDS), set()
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        becomes(project, name, kind, number)
    arranged(project)
    for step in (1, 2, 3):
        before, kinds = kinds, [KINDS[(KINDS.index(kind) + step) % 4] for kind in kinds]
        for number, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            becomes(project, name, kind, number)
        with Visitors(project.vps.address, [*names, "by.test"]) as visitors:
            told = applied(project)
        assert visitors.failed["by.test"] == 0
        for name, was, shall in zip(names, before, kinds, strict=True):
            tried.add((was, shall))
            assert visitors.pages(name) <= {ANSWERS[was], ANSWERS[shall]}, (was, shall)
            assert page(project, name) == ANSWERS[shall], (was, shall, told)
        assert running(project.vps) == {TOPS[kinds.index("compose")]: 1, "bytest": 1}
    assert tried == set(permutations(KINDS, 2))


def live(project: Project) -> dict[str, Any]:
    """What `status` tells of alma.test: its release, and who has made it live when."""
    sites = json.loads(project.deploy("status", "--json").stdout)["sites"]
    (site,) = (site for site in sites if site["domain"] == "alma.test")
    return {key: site[key] for key in ("release", "revision", "pushed", "by")}


@pytest.mark.in_turns("change of name, project or kind")
def test_status_tells_of_what_a_site_is_now(project: Project) -> None:
    repository = project.repository("alma", {"index.html": "static"})
    project.sites["alma.test"] = {"kind": "static", "repository": repository, "https": False}
    assert project.deploy("push", "alma.test", "--yes").returncode == 0
    pushed = live(project)
    stack(project, "alma.test", 8201)
    stack(project, "berta.test", 8202)
    told = applied(project)
    for name in ("alma.test", "berta.test"):
        assert re.search(rf"^▸ {name}\n(▸ pull\n(  .*\n)+)?✓ pull", told, re.MULTILINE), (
            "whose steps they are"
        )
    up = live(project)
    assert up["release"] == project.vps.run("readlink /srv/deploy/alma.test/images/live").stdout.strip()
    assert up["pushed"] > pushed["pushed"]
    becomes(project, "alma.test", "proxy")
    told = applied(project)
    assert "▸ alma.test\n✓ down" in told
    assert set(live(project).values()) == {None}
    project.sites["alma.test"] = {"kind": "static", "repository": repository, "https": False}
    applied(project)
    again = live(project)
    # what the record said is now said by the link, which is a moment older
    between = datetime.fromisoformat(pushed.pop("pushed")) - datetime.fromisoformat(again.pop("pushed"))
    assert abs(between) < timedelta(minutes=2)
    assert again == pushed
    summary = project.vps.run("/usr/local/lib/deploy/bin/summary alma.test").stdout
    assert f"  {pushed['revision'][:7]} " in summary
    assert re.search(rf"^.*  since \S+ \S+ UTC by {pushed['by']}$", summary, re.MULTILINE)


@pytest.mark.in_turns("change of name, project or kind")
def test_one_that_cannot_become_what_it_shall_be_stays_what_it_was(project: Project) -> None:
    becomes(project, "alma.test", "redirect")
    becomes(project, "berta.test", "hugo")
    stack(project, "carla.test", 8204)
    arranged(project)
    fails(project, "alma.test", 8201)
    fails(project, "berta.test", 8202)
    project.sites["carla.test"] = REDIRECT | {"nginx": "nobody_knows this;"}
    stack(project, "delia.test", 8204)
    with Visitors(project.vps.address, ["carla.test"]) as visitors:
        told = applied(project, code=1)
    assert "option" not in told
    assert "is not on this server" not in told
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("301", "404")
    assert "delia.test waits: it takes port 8204 from carla.test, which stays as it was." in told
    assert visitors.seen["carla.test"] == ["carla.test"]
    assert running(project.vps) == {"carlatest": 1}

    project.sites["carla.test"] = dict(REDIRECT)
    becomes(project, "alma.test", "compose")
    becomes(project, "berta.test", "hugo")
    applied(project)
    assert page(project, "delia.test") == "delia.test"
    assert running(project.vps) == {"one": 1, "deliatest": 1}
    becomes(project, "alma.test", "proxy")
    applied(project, "alma.test")
    assert running(project.vps) == {"deliatest": 1}


def stand(vps: Machine, **ports: int) -> bool:
    """Whether these projects run at these ports."""
    return {(project, frozenset({port})) for project, port in ports.items()} <= {*standing(vps)}


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("an apply is killed while two services change places", rounds=3)
def test_a_killed_exchange_is_undone(project: Project, gate: None) -> None:
    vps = project.vps
    both_up(project)
    pages = {"alma.test": "alma.test", "berta.test": "berta.test"}
    moments: list[tuple[int, int, Callable[[], bool]]] = [
        (8202, 8201, lambda: not running(vps)),
        (8201, 8202, lambda: stand(vps, almatest=8201)),
        (8202, 8201, lambda: stand(vps, almatest=8202, bertatest=8201)),
    ]
    for number, (alma, berta, moment) in enumerate(moments):
        before, pages = pages, {"alma.test": f"alma {number}", "berta.test": f"berta {number}"}
        stack(project, "alma.test", alma, page=pages["alma.test"])
        # gated, so that the apply is not done before it is killed
        stack(project, "berta.test", berta, page=pages["berta.test"], gated=True)
        with Visitors(vps.address, pages) as visitors, ThreadPoolExecutor() as beside:
            vps.run(f"rm -f {GATE}")
            applying = beside.submit(project.deploy, "apply", "--yes")
            while not moment():
                assert not applying.done(), "it was not met halfway"
                time.sleep(0.02)
            vps.run(f"pkill -9 -f '^bash -c eval'; touch {GATE}")
            applying.result()
            assert "The last apply was interrupted" in applied(project)
        for name, text in pages.items():
            assert page(project, name) == text
            assert visitors.pages(name) <= {before[name], text}


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the power fails while two services change places")
def test_after_a_power_cut_in_an_exchange_nobody_stands_for_another(project: Project) -> None:
    vps = project.vps
    always = {"restart": "always"}
    stack(project, "alma.test", 8201, app=always)
    stack(project, "berta.test", 8202, app=always)
    arranged(project)
    slow = ["/bin/busybox", "sh", "-c", "sleep 30"]
    stack(project, "alma.test", 8202, page="alma again", app=always)
    stack(project, "berta.test", 8201, app=always | {"command": slow})
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(project.deploy, "apply", "--yes")
        while not stand(vps, almatest=8202):
            assert not applying.done(), "it was not met halfway"
            time.sleep(0.05)
        vps.restart()
        applying.result()
    with Visitors(vps.address, ["alma.test", "berta.test"]) as visitors:
        until(vps, "! systemctl is-active --quiet deploy-resume && [ ! -e /var/lib/deploy/containers ]")
    assert visitors.pages("alma.test") <= {"alma.test"}
    assert visitors.pages("berta.test") <= {"berta.test"}
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma.test", "berta.test")
    stack(project, "berta.test", 8201, app=always)
    applied(project)
    assert (page(project, "alma.test"), page(project, "berta.test")) == ("alma again", "berta.test")


STORE, CONSOLE = "store.test", "console.test"
PAGES = f"mkdir -p /a /b && echo {STORE} > /a/index.html && echo {CONSOLE} > /b/index.html"
SERVE_BOTH = f"{PAGES} && busybox httpd -p 80 -h /a && exec busybox httpd -f -p 81 -h /b"


def two_domains(project: Project, store: int, console: int, script: str = SERVE_BOTH, **more: Any) -> None:
    """Containers with two pages, each at a port of the server that a domain leads to."""
    app = {
        "image": f"{REGISTRY}/pair:1",
        "command": ["/bin/busybox", "sh", "-c", script],
        "ports": [f"127.0.0.1:{store}:80", f"127.0.0.1:{console}:81"],
    }
    stack(project, STORE, store, app=app | more)
    project.sites[CONSOLE] = {"kind": "proxy", "port": console, "https": False}


@pytest.fixture
def both(project: Project, image: str) -> Visitors:
    """Visitors of both domains, which are live."""
    registry_of(project.vps).push("pair", SERVE, {"Healthcheck": HEALTHY}, "one")
    two_domains(project, 8201, 8202, restart="always")
    arranged(project)
    assert [page(project, name) for name in (STORE, CONSOLE)] == [STORE, CONSOLE]
    return Visitors(project.vps.address, [STORE, CONSOLE])


@pytest.mark.in_turns("change of place")
def test_two_domains_of_one_stack_have_a_new_image_and_change_places(
    project: Project, both: Visitors
) -> None:
    before = project.vps.run("docker ps -q").stdout
    registry_of(project.vps).push("pair", SERVE, {"Healthcheck": HEALTHY}, "two")
    with both:
        pushed = project.deploy("push", STORE)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert project.vps.run("docker ps -q").stdout != before
        assert project.plan()["empty"]
        for store, console in ((8201, 8203), (8203, 8201)):  # one moves; both change places
            two_domains(project, store, console)
            told = applied(project)
        two_domains(project, 8201, 8203, "exit 3")
        failed = applied(project, code=1)
    assert "store.test changes ports between its domains: it stops before it begins anew" in told
    assert "store.test goes back to what it was" in failed
    assert (both.pages(STORE), both.pages(CONSOLE)) == ({STORE}, {CONSOLE})
    assert [page(project, name) for name in (STORE, CONSOLE)] == [STORE, CONSOLE]

    two_domains(project, 8203, 8203)
    refused = project.deploy("apply", "--yes")
    assert refused.returncode == 2
    assert "port 8203 is already used by 'console.test' (for a second name: aliases)" in refused.stderr
    two_domains(project, 8203, 8201)
    project.sites[CONSOLE]["port"] = 8204  # nobody is there: it is for a program that may come
    applied(project)
    status = project.deploy("status")
    assert status.returncode != 0
    assert "503" in status.stdout


SLOW_RESUME = """mkdir -p /etc/systemd/system/deploy-resume.service.d
printf '[Service]\\nExecStartPre=/bin/sh -c "until [ -e /run/go ]; do sleep 0.1; done"\\n' \\
    >/etc/systemd/system/deploy-resume.service.d/slow.conf"""


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the power fails while two domains of one service change places")
def test_after_a_power_cut_no_domain_stands_for_the_other(project: Project, both: Visitors) -> None:
    vps = project.vps
    vps.run(SLOW_RESUME)
    two_domains(project, 8202, 8201, restart="always")
    project.sites[STORE]["watch"] = "60s"  # it answers, and the apply goes on
    it_has_changed = f"curl -s 127.0.0.1:8202 | grep {STORE}"
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(project.deploy, "apply", "--yes")
        until(vps, it_has_changed)
        vps.restart()
        applying.result()
    until(vps, f"systemctl is-active --quiet nginx && {it_has_changed}")  # Docker has started it
    with both:
        until_asked(both)
        vps.run("touch /run/go")
        until(vps, "! systemctl is-active --quiet deploy-resume && [ ! -e /var/lib/deploy/containers ]")
    vps.run("rm -r /etc/systemd/system/deploy-resume.service.d && systemctl daemon-reload")
    assert both.pages(STORE) <= {STORE}
    assert both.pages(CONSOLE) <= {CONSOLE}
    assert [page(project, name) for name in (STORE, CONSOLE)] == [STORE, CONSOLE]


def until_asked(visitors: Visitors) -> None:
    """Wait until each visitor has had some answers more."""
    wanted = {name: count + 5 for name, count in visitors.asked.items()}
    while any(visitors.asked[name] < count for name, count in wanted.items()):
        time.sleep(0.01)
