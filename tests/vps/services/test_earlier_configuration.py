"""A rollback of an application brings back what it was configured with then, and says so until it goes on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.conftest import REGISTRY, environment_of, registry_of

NAME, PORT, BESIDE = "shop.test", 8095, 28095
FILE, KEPT = f"/opt/{NAME}/docker-compose.yml", f"/srv/deploy/{NAME}/images/configurations"
THEN: dict[str, Any] = {
    "kind": "app",
    "image": f"{REGISTRY}/earlier:1",
    "port": 80,
    "published": PORT,
    "https": False,
    "watch": "0",
    "wait": "30s",
    "drain": "1s",
    "secrets": {"MOOD": "env:MOOD"},
    "environment": {"GREETING": "then"},
    "workers": {"mail": "sleep 1000"},
}
NOW = {"port": 81, "probe": "/health", "environment": {"GREETING": "now"}}
ONE = '[ "$MOOD" != bad ] || exit 3; exec httpd -f -p 80 -h /www'
TWO = "echo well >/www/health; httpd -p 80 -h /www; exec httpd -f -p 81 -h /www"
AT_ONCE = {"StopSignal": "SIGKILL"}
OF_IT = "docker ps -q --filter label=com.docker.compose.project=shop-test"


def called(project: Project, *words: str, code: int = 0, **environment: str) -> str:
    done = project.deploy(*words, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def live(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The second image is live, which was configured otherwise since it came; the first one was not."""
    project = Project(tmp_path_factory.mktemp("shop"), vps, None, {NAME: THEN})
    registry = registry_of(vps)
    registry.push("earlier", ONE, AT_ONCE, "one")
    called(project, "apply", "--yes", MOOD="good")
    registry.push("earlier", TWO, AT_ONCE, "two")
    called(project, "push", NAME, "--yes")
    project.sites[NAME] = THEN | NOW
    called(project, "apply", "--yes")
    return project


@pytest.fixture
def project(live: Project) -> Iterator[Project]:
    """The same for each test."""
    yield live
    live.vps.run(f"/usr/local/lib/deploy/bin/push {NAME}")
    live.sites[NAME] = THEN | NOW
    called(live, "apply", NAME, "--yes", MOOD="good")
    is_as_sites_yaml_says(live)


def is_as_sites_yaml_says(project: Project) -> None:
    assert how_it_is(project) == ("two", "GREETING=now", {"app", "mail"})
    plan = project.plan()
    assert (plan["empty"], plan["held"]) == (True, {}), plan
    assert project.vps.run(f"ls -A {KEPT} | grep -v '^[0-9-]*\\.yml$'", check=False).stdout == ""


def is_rolled_back(project: Project) -> None:
    assert how_it_is(project) == ("one", "GREETING=then", {"app", "mail"})
    assert project.plan()["held"][NAME].startswith("it is rolled back to ")


def how_it_is(project: Project) -> tuple[str, str, set[str]]:
    """Its page, what it is configured with, and its services."""
    ask = "docker ps --filter label=com.docker.compose.project=shop-test --format"
    services = project.vps.run(f"{ask} '{{{{.Label \"com.docker.compose.service\"}}}}'").stdout.split()
    app = project.vps.run(f"{ask} '{{{{.Names}}}}' | grep -- -app-").stdout.strip()
    [greeting] = [each for each in environment_of(project.vps, app) if each.startswith("GREETING=")]
    return project.get(NAME, scheme="http")[1].strip(), greeting, {*services}


def leave_the_first_as_it_was(project: Project) -> None:
    """It is live: the next rollback brings back what it runs with last."""
    project.sites[NAME] = THEN
    called(project, "apply", NAME, "--yes")


def releases(project: Project) -> dict[str, str]:
    """Those that are live and previous, by these words."""
    listed = json.loads(called(project, "releases", NAME, "--json"))
    return {word: each["release"] for each in listed for word in ("live", "previous") if each[word]}


def test_it_comes_back_with_what_it_ran_with(project: Project) -> None:
    """Where visitors are led as it is now; it stays so through an apply of all, and a push goes on."""
    vps = project.vps
    said = called(project, "rollback", NAME)
    assert "with the configuration of then; its port on this server, its jobs' times and its secrets" in said
    is_rolled_back(project)
    ports = vps.run("docker ps --format '{{.Ports}}'").stdout
    assert any(f"127.0.0.1:{port}->80/tcp" in ports for port in (PORT, BESIDE)), ports
    folder, *files = vps.run(f"stat -c %a {KEPT} {KEPT}/*").stdout.split()
    assert (folder, {*files}) == ("700", {"600"})

    assert called(project, "apply", "--yes", code=1).count("it is rolled back to ") == 1
    assert f"{NAME} is rolled back to {releases(project)['live']}, with the configuration of then" in called(
        project, "status", code=1
    ), "and its probe is that of now, which the one of then does not have"
    vps.run(f"cd /opt/{NAME} && docker compose up -d")
    called(project, "restart", NAME)
    is_rolled_back(project)

    [change] = json.loads(project.deploy("plan", NAME, "--json").stdout)["files"]
    assert (change["path"], change["surprise"]) == (FILE, "rolled_back")
    said = called(project, "apply", NAME, "--yes", code=1)
    assert f"{NAME} is rolled back to" in said, "told before it is done"
    assert "keeps the image of then, which may never have run as sites.yaml says now" in said
    assert f"{NAME} goes back to what it was" in said
    is_rolled_back(project)

    said = called(project, "push", NAME, "--yes")
    assert "with what sites.yaml says again" in said
    assert "applied first" not in said
    is_as_sites_yaml_says(project)


@pytest.mark.in_turns("rollbacks")
def test_forward_again_it_is_as_sites_yaml_says(project: Project) -> None:
    newest = releases(project)["live"]
    called(project, "rollback", NAME)
    is_rolled_back(project)
    called(project, "rollback", NAME, "--to", newest)
    is_as_sites_yaml_says(project)


@pytest.mark.in_turns("rollbacks")
def test_an_apply_that_names_it_brings_what_sites_yaml_says_to_the_image_of_then(project: Project) -> None:
    called(project, "rollback", NAME)
    project.sites[NAME] = THEN | {"environment": {"GREETING": "now"}}
    called(project, "apply", NAME, "--yes")
    assert how_it_is(project) == ("one", "GREETING=now", {"app", "mail"})
    assert project.plan()["empty"]
    assert "is rolled back to" not in called(project, "status")
    leave_the_first_as_it_was(project)


@pytest.mark.in_turns("rollbacks")
def test_one_that_does_not_run_leaves_all_as_it_was(project: Project) -> None:
    """Its secrets are those of now: what they open knows no others."""
    project.sites[NAME] = THEN | NOW
    called(project, "apply", NAME, "--yes", MOOD="bad")
    said = called(project, "rollback", NAME, code=1)
    assert "app ended with exit code 3" in said or "app crashes again and again (exit code 3)" in said
    assert f"{NAME} is as it was: " in said
    is_as_sites_yaml_says(project)


@pytest.mark.in_turns("rollbacks")
def test_of_what_nothing_is_kept_the_image_alone_comes_back(project: Project) -> None:
    """As of what ran before anything was kept; it is told where that is another configuration."""
    project.sites[NAME] = THEN | {"environment": {"GREETING": "other"}}
    called(project, "apply", NAME, "--yes")
    project.vps.run(f"rm -r {KEPT}; sed -i /^probe=/d /srv/deploy/{NAME}/images/2*")
    previous = releases(project)["previous"]
    told = f"! what {previous} was configured with is not kept: it runs with the configuration of now"
    assert told in called(project, "rollback", NAME)
    assert how_it_is(project) == ("one", "GREETING=other", {"app", "mail"})
    assert project.plan()["empty"]

    called(project, "push", NAME, "--yes")
    project.vps.run(f"rm -r {KEPT}")
    assert "is not kept" not in called(project, "rollback", NAME), "it is that of now"
    assert how_it_is(project) == ("one", "GREETING=other", {"app", "mail"})
    leave_the_first_as_it_was(project)


LAID = f"until grep -q '^# Rolled back to ' {FILE}; do sleep 0.01; done"
BOTH = f"until [ $({OF_IT} | wc -l) = 3 ]; do sleep 0.02; done"
LED = 'led() { ls /var/lib/deploy/live; }; was=$(led); until [ "$(led)" != "$was" ]; do sleep 0.02; done'


@pytest.mark.fault("a rollback that brings a configuration back is killed")
@pytest.mark.parametrize(
    ("step", "then"),
    [(LAID, "the server starts again"), (BOTH, "a push"), (LED, "a rollback")],
    ids=["laid", "both", "led"],
)
@pytest.mark.in_turns("rollbacks")
def test_a_rollback_is_killed(project: Project, step: str, then: str) -> None:
    """Visitors have their page all the time, and what comes next ends it, the one way or the other."""
    killed = f"/usr/local/lib/deploy/bin/rollback {NAME} >/root/said 2>&1 & rollback=$!"
    done = project.vps.run(f"{step} & step=$!; {killed}; wait $step; kill -KILL $rollback", check=False)
    assert done.returncode == 0, project.vps.run("cat /root/said").stdout
    assert project.get(NAME, scheme="http")[0] == 200
    if then == "a rollback":
        again = project.deploy("rollback", NAME)
        assert again.returncode == 0 or "is live already" in again.stderr
        is_rolled_back(project)
    elif then == "a push":
        called(project, "push", NAME, "--yes")
        is_as_sites_yaml_says(project)
    else:
        project.vps.run("/usr/local/lib/deploy/bin/resume")
        is_as_sites_yaml_says(project)


@pytest.mark.in_turns("rollbacks")
def test_a_push_that_fails_leaves_it_rolled_back(project: Project) -> None:
    called(project, "rollback", NAME)
    registry = registry_of(project.vps)
    registry.push("earlier", "exit 4", {}, "three")
    said = called(project, "push", NAME, "--yes", code=1)
    assert f"{NAME} is as it was: " in said
    is_rolled_back(project)
    registry.push("earlier", TWO, AT_ONCE, "two")


@pytest.mark.in_turns("rollbacks")
def test_an_update_leaves_it_alone(project: Project) -> None:
    called(project, "rollback", NAME)
    said = project.vps.run(f"/usr/local/lib/deploy/bin/update {NAME}").stdout
    assert f"{NAME} stays as a rollback has left it" in said
    is_rolled_back(project)


@pytest.mark.in_turns("rollbacks")
def test_what_else_ran_of_it_goes_with_it(project: Project) -> None:
    """A worker more is a release of its own; nobody misses it after that is taken back."""
    project.sites[NAME]["workers"] = {"mail": "sleep 1000", "more": "sleep 1000"}
    called(project, "apply", NAME, "--yes")
    assert how_it_is(project) == ("two", "GREETING=now", {"app", "mail", "more"})
    called(project, "rollback", NAME)
    assert how_it_is(project) == ("two", "GREETING=now", {"app", "mail"})
    assert "has no container" not in called(project, "status")
