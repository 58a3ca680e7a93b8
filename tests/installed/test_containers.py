"""What runs in containers: what is refused before Docker is asked."""

import subprocess

import pytest

from installed.conftest import INSTALLED, Root

ONE = (
    "start",
    "stop",
    "restart",
    "logs",
    "served",
    "down",
    "compose-push",
    "compose-rollback",
    "compose-releases",
)


@pytest.mark.parametrize("program", [name for name in ONE if name != "down"])
def test_what_is_not_there_yet_is_told(root: Root, program: str) -> None:
    assert "✗ app is not on this server yet: run deploy apply app" in root.run(program, "app", code=69)


@pytest.mark.parametrize("program", ONE)
def test_a_site_that_is_files_has_no_containers(root: Root, program: str) -> None:
    root.site("a.test")
    assert root.run(program, "a.test", code=2).splitlines()[0] == "✗ a.test is no composition of containers"


@pytest.mark.parametrize(
    ("program", "arguments", "why"),
    [
        ("compose-push", ("app", "--ref", "main"), "app comes from no repository"),
        ("compose-push", ("app", "--cooldown", "1h"), "'1h' is no number of seconds"),
        ("compose-rollback", ("app", "--to", "../x"), "'../x' is no set of images"),
        ("logs", ("app", "--lines", "all"), "'all' is no number of lines"),
        ("secret", ("app", "a-b"), "'a-b' is not the name of a secret"),
        ("update", ("--cooldown", "1h"), "'1h' is no number of seconds"),
        ("start", ("app", "now"), "what is now? one name at a time"),
    ],
)
def test_a_value_that_is_none_is_refused(
    root: Root, program: str, arguments: tuple[str, ...], why: str
) -> None:
    root.service("app")
    assert root.run(program, *arguments, code=2).splitlines()[0] == f"✗ {why}"


@pytest.mark.parametrize(
    ("values", "logged", "says"),
    [
        ({}, "", "deploy start app"),
        ({}, '"action":"push","result":"live"', "deploy start app"),
        ({}, '"action":"push","result":"failed"', "why its last push failed, deploy status says"),
        ({"APPLICATION": "deploy/app"}, "", "it waits for its first push: deploy push app"),
    ],
)
def test_why_there_are_no_words_of_what_has_no_containers(
    root: Root, values: dict[str, str], logged: str, says: str
) -> None:
    root.service("app", **values)
    root.write("/docker", "docker() { [[ $1 != image ]]; }\n")
    if logged:
        root.write("/var/log/deploy/push.log", f'{{"site":"app",{logged}}}\n')
    said = root.run("logs", "app", BASH_ENV=str(root.path("/docker")))
    assert said == f"app has no containers, and nothing of it is kept that could be read: {says}\n"


def test_a_secret_is_printed_as_compose_reads_it(root: Root) -> None:
    assert "✗ app is not on this server yet" in root.run("secret", "app", "TOKEN", code=69)
    root.service("app")
    root.write("/opt/app/.env", "FIRST='it''s'\nTOKEN='a $b \"c\"'\n", 0o600)
    assert root.run("secret", "app", "TOKEN") == 'a $b "c"\n'
    assert "✗ app has no secret OTHER; it has: FIRST TOKEN" in root.run("secret", "app", "OTHER", code=1)


def test_a_secret_of_what_runs_on_the_server_itself_is_printed(root: Root) -> None:
    root.write("/etc/deploy/sites/dates.test.conf", "DOMAIN=dates.test\nRUNNER=systemd\n")
    root.write("/opt/dates.test/.env", "PASSWORD='c'\n", 0o600)
    assert root.run("secret", "dates.test", "PASSWORD") == "c\n"


def test_a_push_of_a_service_is_left_to_its_own_program(root: Root) -> None:
    root.service("app")
    assert "app comes from no repository" in root.run("push", "app", "--ref", "main", code=2)
    assert root.run("releases", "app") == "app has run on no images yet\n"


def test_nothing_is_updated_and_nothing_is_unwell_where_nothing_runs(root: Root) -> None:
    assert root.run("update") == ""
    assert "nowhere is not on this server yet" in root.run("update", "nowhere", code=69)


def test_what_docker_does_not_tell_is_no_database_of_the_same_version() -> None:
    """Or its newer image would be taken, and not read the data."""
    lib = INSTALLED / "lib"
    sourced = f". {lib}/common/site; . {lib}/composition/composition; . {lib}/composition/policy"
    done = subprocess.run(
        ["bash", "-c", f"set -Eeuo pipefail; INSTALLED={INSTALLED}; {sourced}; same_major old new"],
        env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "docker" in done.stdout.lower(), "whether it is missing or silent"
