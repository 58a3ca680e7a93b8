"""The commands for services as a user types them: what they say, and their exit codes."""

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import DEPLOY, Project
from vps.services.conftest import APP, Composition, environment_of, file_in, registry_of, served
from vps.services.registry import health
from vps.waiting import client, journal, started, until, until_free, until_it_says

NAME = "typed.test"
PORT = 8091
SERVE = "exec httpd -f -p 80 -h /www"
# Only when it runs; what it does is as rendered.
SOON = "[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:0/2\nAccuracySec=100ms\n"


@pytest.fixture(scope="module")
def images(vps: Machine) -> Composition:
    """Makes the images of the service."""
    return Composition(vps, NAME, PORT)


@pytest.fixture(scope="module")
def applied(vps: Machine, images: Composition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The service, for all tests; in the end it is removed."""
    images.image("zero")
    with served(images, tmp_path_factory.mktemp("typed")) as project:
        yield project
    left = vps.run(
        f"docker ps -aq --filter name={NAME.replace('.', '')}; docker image ls -q {images.repository}"
    )
    assert left.stdout == "", "with the last service our scripts go too, and its images all the same"


@pytest.fixture(scope="module")
def one(images: Composition) -> tuple[str, str]:
    """The ID of the image that each test finds, and its digest."""
    command, config = f"echo first words; {SERVE}", {"Healthcheck": images.healthy}
    return registry_of(images.vps).publish(images.project, command, config, "one")


@pytest.fixture
def project(applied: Project, images: Composition, one: tuple[str, str]) -> Project:
    """The service as each test finds it."""
    image, digest = one
    registry_of(images.vps).name(images.project, digest)
    ask = "docker inspect --format '{{.Image}} {{.State.Status}}' typedtest-app-1"
    if images.vps.run(ask, check=False).stdout.split() != [image, "running"]:
        assert applied.deploy("push", NAME).returncode == 0
    return applied


def page(project: Project) -> str:
    status, body = project.get(NAME, scheme="http")
    return body.strip() if status == 200 else str(status)


def last_update(vps: Machine) -> dict[str, str]:
    return json.loads((vps.root / "var/log/deploy/update.log").read_text().splitlines()[-1])


def test_update_and_rollback(project: Project, images: Composition) -> None:
    assert "is the newest" in project.deploy("update", "--check").stdout
    images.image("two")
    assert "has a newer version" in project.deploy("update", "--check").stdout
    (known,) = json.loads(project.deploy("update", "--check", "--json").stdout)
    assert known["newer"] is True
    assert page(project) == "one"
    updated = project.deploy("update")
    assert updated.returncode == 0, updated.stderr
    assert f"{NAME} is live: {images.repository}:1 " in updated.stderr + updated.stdout
    assert page(project) == "two"
    assert "@" in last_update(project.vps)["by"], "who has called it"

    images.image("three", "echo why it ends; exit 3")
    failed = project.deploy("update", NAME)
    assert failed.returncode == 1
    assert "✗ up: app crashes again and again (exit code 3)" in failed.stderr
    assert "app | why it ends" in failed.stderr
    assert page(project) == "two"

    back = project.deploy("rollback", NAME)
    assert back.returncode == 0, back.stderr
    assert page(project) == "one"
    listed = json.loads(project.deploy("releases", NAME, "--json").stdout)
    assert [each["live"] for each in listed] == [False, True]
    (site,) = json.loads(project.deploy("status", "--json").stdout)["sites"]
    assert (site["release"], site["fine"]) == (listed[1]["release"], True)
    assert project.deploy("update", "other").returncode == 2


def test_a_push_that_fails_says_who_is_to_blame(project: Project, images: Composition) -> None:
    no_page = f"rm /www/index.html; {SERVE}"
    images.image("two", no_page, Healthcheck=health("true", Interval=0.3))
    failed = project.deploy("push", NAME)
    assert failed.returncode == 1
    assert f"✗ up: http://{NAME}/ answers 404" in failed.stderr
    assert f"{NAME} is as it was: {images.repository}:1" in failed.stderr
    assert page(project) == "one"
    project.vps.run("systemctl stop docker-registry")
    try:
        down = project.deploy("push", NAME)
    finally:
        project.vps.run(
            "systemctl start docker-registry; curl -s --retry 9 --retry-connrefused 127.0.0.1:5000"
        )
    told = project.deploy("status")
    assert (told.returncode, f"! {NAME}: the last push failed, 20" in told.stdout) == (0, True), told.stdout
    assert f"{images.repository}:1 is here, and whether 127.0.0.1:5000 has a newer one" in told.stdout
    images.image("three")
    assert project.deploy("push", NAME).returncode == 0
    assert "failed" not in project.deploy("status").stdout
    assert down.returncode == 1
    unknown = "is here, and whether 127.0.0.1:5000 has a newer one cannot be known: "
    assert f"✗ pull: {images.repository}:1 {unknown}" in down.stderr


def test_a_push_applies_a_changed_compose_file_first(project: Project) -> None:
    file = project.folder / "app.yml"
    good = file.read_text()
    try:
        useless = 'command: ["sh", "-c", "echo of no use; exit 9"]'
        file.write_text(good.replace("restart: unless-stopped", useless))
        unasked = project.deploy("push", NAME)
        assert unasked.returncode == 2
        assert "that is applied first" in unasked.stderr
        assert "echo of no use" in unasked.stdout
        failed = project.deploy("push", NAME, "--yes")
        assert failed.returncode == 1
        assert "exit code 9" in failed.stderr
        assert "up to date" not in failed.stderr
        assert page(project) == "one"
        file.write_text(good.replace("restart:", "environment: {WHO: me}\n    restart:"))
        done = project.deploy("push", NAME, "--yes")
        assert done.returncode == 0, done.stderr
        assert "WHO: me" in (project.vps.root / "opt" / NAME / "docker-compose.yml").read_text()
    finally:
        file.write_text(good)
        assert project.deploy("push", NAME, "--yes").returncode == 0


def test_what_the_compose_file_needs_from_beside_itself_arrives(
    project: Project, images: Composition
) -> None:
    """A file that is mounted and not there would become an empty folder, and all would be called live."""
    folder, compose = project.folder / "beside", project.folder / "app.yml"
    good, there = compose.read_text(), project.vps.root / "opt" / NAME
    mounts = "[./page.html:/www/index.html, ./more:/www/more:ro]"
    files = {
        "page.html": "mounted",
        "more/one.txt": "one",
        "app.env": "WORD=hush",
        "made/Dockerfile": f"FROM {images.repository}:1\nCOPY word /www/word\n",
        "made/word": "built",
        "made/left/out": "never",
        "made/.dockerignore": "left\n",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    (folder / "app.yml").write_text(
        good.replace("restart:", f"volumes: {mounts}\n    env_file: app.env\n    restart:")
        + "  made:\n    build: made\n    stop_signal: SIGKILL\n"
    )
    service = project.sites[NAME]
    try:
        project.sites[NAME] = service | {"file": "beside/app.yml"}
        (folder / "page.html").rename(folder / "away")
        missing = project.deploy("check")
        assert missing.returncode == 2
        assert "'./page.html:/www/index.html' is not beside the compose file" in missing.stderr
        (folder / "away").rename(folder / "page.html")
        planned = project.deploy("plan")
        assert f"+ /opt/{NAME}/made/Dockerfile" in planned.stdout
        assert "hush" not in planned.stdout + planned.stderr
        done = project.apply()
        assert done.returncode == 0, done.stdout + done.stderr
        assert page(project) == "mounted"
        app, made = (f"{NAME.replace('.', '')}-{service}-1" for service in ("app", "made"))
        assert file_in(project.vps, app, "/www/more/one.txt") == "one"
        assert "WORD=hush" in environment_of(project.vps, app)
        assert file_in(project.vps, made, "/www/word") == "built"
        assert (there / "app.env").stat().st_mode & 0o777 == 0o600
        assert not (there / "made/left").exists()
        (folder / "page.html").write_text("changed")
        assert project.deploy("push", NAME, "--yes").returncode == 0
        assert page(project) == "changed"
        assert project.plan()["empty"]
    finally:
        project.sites[NAME] = service
        assert project.apply().returncode == 0
    assert not (there / "page.html").exists()


def test_forty_containers_need_one_channel(project: Project, images: Composition) -> None:
    """sshd lets no more than ten sessions stay open (MaxSessions), also where an image of each is asked for."""
    vps, labels = project.vps, f"--label com.docker.compose.project={NAME.replace('.', '')}"
    (vps.root / "root/many.sh").write_text(
        f"docker tag {images.repository}:1 {images.repository}:n$1\n"
        f"docker create -q --name many$1 --network none {labels} --label com.docker.compose.service=many$1"
        f" {images.repository}:n$1 sleep 1000 >/dev/null\n[ $1 -gt 3 ] || docker start many$1 >/dev/null\n"
    )
    vps.run("seq 40 | xargs -n 1 -P 4 sh -e /root/many.sh")
    vps.run("cat > /root/.bashrc", input="echo hello; echo oops >&2\n")
    try:
        shown = project.deploy("services")
        assert (shown.stdout.count("many"), shown.stdout.count("MiB")) == (40, 4), shown.stderr
        vps.run(f"docker rmi {images.repository}:n40")
        checked = project.deploy("update", "--check", "--json")
        reasons = {each["image"].rpartition(":")[2]: each["reason"] for each in json.loads(checked.stdout)}
        assert (len(reasons), reasons["1"]) == (41, ""), checked.stderr
        assert reasons["n40"] == "no image on the server has this name any more"
    finally:
        vps.run("rm /root/.bashrc; docker rm -f $(docker ps -aq --filter name=many) >/dev/null")
        tags = f"docker image ls --format '{{{{.Repository}}}}:{{{{.Tag}}}}' '{images.repository}:n*'"
        vps.run(f"{tags} | xargs docker rmi >/dev/null")


def test_what_does_not_run_is_in_the_plan_and_apply_brings_it_up(project: Project) -> None:
    project.vps.run(f"docker kill {NAME.replace('.', '')}-app-1")
    plan = project.deploy("plan")
    assert plan.returncode == 4
    assert f"~ containers of {NAME} are brought up anew: app ended with exit code 137" in plan.stdout
    for command in ("status", "services", "audit"):
        done = project.deploy(command)
        assert (command, done.returncode) == (command, 1), done.stdout
    applied = project.apply()
    assert (applied.returncode, page(project)) == (0, "one"), applied.stdout + applied.stderr
    assert project.plan()["empty"]


def test_stop_restart_and_logs(project: Project) -> None:
    stopped = project.deploy("stop", NAME)
    assert (stopped.returncode, page(project)) == (0, "503")
    assert f"{NAME} is stopped" in stopped.stdout + stopped.stderr
    services = project.deploy("services")
    assert services.returncode == 1
    assert "stopped" in services.stdout
    project.vps.run("rm -f /var/log/deploy/push.log*")
    told = project.deploy("status")
    assert (told.returncode, f"! {NAME} is stopped on purpose, by " in told.stdout) == (1, True)
    assert f"{NAME} is stopped on purpose, by " in project.deploy("audit").stdout
    plan = project.deploy("plan")
    assert f"! {NAME} is stopped on purpose, and stays so (deploy start {NAME} starts it)." in plan.stdout
    assert (plan.returncode, project.plan()["compositions"]["stopped"]) == (0, [NAME])
    assert (project.apply().returncode, page(project)) == (0, "503")
    assert (project.deploy("start", NAME).returncode, page(project)) == (0, "one")
    log = (project.vps.root / "var/log/deploy/push.log").read_text().splitlines()[-1]
    assert (json.loads(log)["action"], "@" in json.loads(log)["by"]) == ("start", True)
    words = project.deploy("logs", NAME, "--lines", "1")
    assert words.returncode == 0
    assert words.stdout.endswith("first words\n")
    assert words.stdout.count("\n") == 1


def test_following_logs_ends_with_ctrl_c_and_leaves_nothing_on_the_server(project: Project) -> None:
    argv = [*DEPLOY, "logs", NAME, "--follow"]
    follow = client(argv, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert "first words" in follow.stdout.readline()
    follow.send_signal(signal.SIGINT)
    assert follow.wait(timeout=30) == 130
    until(project.vps, "! pgrep -fa '[/]deploy/bin/logs|[c]ompose.* logs'")


LAST = 'tail -n 1 /var/log/deploy/{}.log | grep \'"action":"{}"\' | grep \'"result":"{}"\''
GOES_ON = {
    "stop": (f"/srv/deploy/{NAME}/lock", LAST.format("push", "stop", "stopped"), "503"),
    "start": (f"/srv/deploy/{NAME}/lock", LAST.format("push", "start", "live"), "one"),
    "restart": (f"/srv/deploy/{NAME}/lock", LAST.format("push", "restart", "live"), "one"),
    "update": ("/var/lib/deploy/update.lock", "grep unchanged /var/log/deploy/update.log", "one"),
    "maintenance": (
        "/var/lib/deploy/maintenance/lock",
        f"[ -e /var/lib/deploy/maintenance/{NAME}.conf ]",
        "503",
    ),
}
"""What holds each up, what is so when it has done its work, and what a visitor gets then."""


def test_what_is_interrupted_here_goes_on_there_and_says_so(project: Project) -> None:
    vps = project.vps
    vps.run("rm -f /var/log/deploy/update.log; install -d -m 700 /var/lib/deploy/maintenance")
    for command, (lock, done, then) in GOES_ON.items():
        held = started(vps, f"flock {lock} sh -c 'echo held; read x'", stdin=subprocess.PIPE)
        until_it_says(held, "held")
        more = ["on"] if command == "maintenance" else []
        told = project.interrupted(f"pgrep -f '[b]in/{command} '", command, NAME, *more)
        what = command if command == "update" else NAME
        assert f"! {what}: {vps.address} goes on with it. What " in told, told
        held.stdin.close()  # nobody hears any more what is said from here on
        until(vps, done)
        until_free(vps, lock)
        assert page(project) == then, command
    assert project.deploy("maintenance", NAME, "off").returncode == 0


def test_what_is_interrupted_here_ends_there_where_it_is_a_person_s_own_command(project: Project) -> None:
    for command in ("exec", "run"):
        runs = "pgrep -fx 'sleep 70331'"
        told = project.interrupted(runs, command, NAME, "--", "sleep", "70331")
        assert f"! {NAME}: {project.vps.address} ends the command: nobody is there any more" in told
        until(project.vps, f"! {runs}")


def test_what_is_not_on_the_server_yet(project: Project) -> None:
    (project.folder / "new.yml").write_text(APP.format(image="x", port=8092))
    project.sites["new.test"] = project.sites[NAME] | {"file": "new.yml", "port": 8092}
    for command in ("stop", "start", "restart", "logs", "update"):
        done = project.deploy(command, "new.test")
        assert done.returncode == 1
        assert "new.test is not on " in done.stderr
        assert "deploy apply new.test" in done.stderr
    listed = project.deploy("services")
    assert listed.returncode == 1
    assert "! new.test has no containers: " in listed.stderr
    del project.sites["new.test"]


def test_systemd_updates_by_itself_at_the_time_of_sites_yaml(project: Project, images: Composition) -> None:
    vps = project.vps
    project.more = {"updates": {"at": "04:30", "cooldown": "0s"}}
    assert project.apply().returncode == 0
    project.more = {}
    listed = vps.run("systemctl list-timers --all --no-legend deploy-update.timer").stdout
    assert "04:30:00" in listed
    images.image("two", f"sleep 0.2; {SERVE}")
    drop_in = vps.root / "etc/systemd/system/deploy-update.timer.d/soon.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(SOON)
    try:
        vps.run("systemctl daemon-reload; systemctl restart deploy-update.timer")
        until(vps, f"[ \"$(curl --silent --header 'Host: {NAME}' 127.0.0.1)\" = two ]")
    finally:
        vps.run("rm -r /etc/systemd/system/deploy-update.timer.d; systemctl daemon-reload")
        vps.run("systemctl restart deploy-update.timer")
    assert page(project) == "two"
    until(vps, "[ $(systemctl is-active deploy-update.service) = inactive ]")
    assert vps.run("systemctl show -P Result deploy-update.service").stdout == "success\n"
    updated = [json.loads(line) for line in (vps.root / "var/log/deploy/update.log").read_text().splitlines()]
    assert ("updated", "update") in [(each["result"], each["by"]) for each in updated if each["site"] == NAME]
    assert f"{NAME} is live: " in journal(vps, "--unit=deploy-update")
