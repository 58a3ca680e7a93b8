"""What a person does with a composition besides pushing it."""

import json
import subprocess
from datetime import datetime

import pytest

from deployer.audit import exposure, upkeep
from deployer.audit.evidence import read_evidence
from deployer.config.model import Config
from deployer.parts.docker import QUESTIONS
from deployer.planning.moving import moving
from deployer.seen.stacks import Standing
from deployer.server.login import connect
from deployer.shares.question import Question
from deployer.tasks import script
from deployer.tasks.observe import observe
from deployer.tasks.status import status
from vps.services.conftest import COMPOSE, SERVE
from vps.waiting import started, until


def test_logs_restart_and_stop(new_composition):
    app = new_composition("")
    app.image("one", "echo first words; echo last words; exec httpd -f -p 80 -h /www")
    app.push()
    lines = app.script("logs").splitlines()
    assert lines[-2].endswith("first words")
    assert lines[-1].endswith("last words")
    assert "app-1" in lines[-1]
    assert len(app.script("logs", "--lines", "1").splitlines()) == 1

    other = {"command": ["sh", "-c", "echo others words; exec sleep 1000"], "healthcheck": {"disable": True}}
    app.write(more={"image": f"{app.repository}:1", **other})
    app.push()
    assert "others words" in app.script("logs")
    assert "others words" not in app.script("logs", "--service", "app")
    assert app.script("logs", "--service", "more").splitlines()[-1].endswith("others words")
    wrong = app.script("logs", "--service", "less", code=1)
    assert f"{app.name} has no container of a service less; it has: app, more" in wrong
    app.write()
    app.push()

    running = app.running()
    assert f"{app.name} is stopped" in app.script("stop")
    assert app.page() == "502"
    assert "✓ restart" in app.script("restart", "--by ada")
    assert (app.page(), app.running()) == ("one", running)
    assert (app.log()["action"], app.log()["by"]) == ("restart", "ada")

    compose = f"/{COMPOSE}"
    app.vps.run(
        f"mv {compose} {compose}.real; printf '#!/bin/sh\necho no; exit 1\n' >{compose}; chmod 755 {compose}"
    )
    try:
        assert "✗ stop: no" in app.script("stop", code=1)
    finally:
        app.vps.run(f"mv {compose}.real {compose}")
    assert not (app.place / "stopped").exists(), "a stop that fails keeps nothing stopped"
    assert app.page() == "one"

    app.script("stop")
    app.push()
    assert app.page() == "one"


def test_logs_are_followed_across_a_restart_until_the_caller_goes(new_composition):
    app = new_composition()
    tick = "start=$(date +%s%N); while :; do echo tick $start; sleep 0.3; done & exec httpd -f -p 80 -h /www"
    app.image("one", tick)
    app.push()
    command = f"/usr/local/lib/deploy/bin/logs {app.name} --follow --lines 0 --attached"
    follow = started(app.vps, command, stdin=subprocess.PIPE)
    before = follow.stdout.readline().split()[-1]
    app.script("restart")
    assert any("tick" in line and before not in line for line in follow.stdout)
    follow.stdin.close()
    follow.wait(timeout=30)
    until(app.vps, "! ps -eo args | grep '[c]ompose.* logs '")


def test_start_leaves_alone_what_runs_and_a_restart_runs_no_migration_again(new_composition):
    app = new_composition()
    once = {"image": f"{app.repository}:1", "command": ["sh", "-c", "echo ran"], "restart": "no"}
    app.write(worker={"image": f"{app.repository}:1"}, migration=once)
    app.push()
    since = f"docker inspect --format '{{{{.State.StartedAt}}}}' {app.project}-app-1"
    before = app.vps.run(since).stdout
    app.vps.run(f"docker stop --time 0 {app.project}-worker-1")
    assert "✓ start" in app.script("start")
    assert lacks(app) == ()
    assert app.vps.run(since).stdout == before
    app.script("restart")
    assert app.vps.run(f"docker logs {app.project}-migration-1").stdout == "ran\n"
    app.script("stop")
    app.script("start", "--by ada")
    assert (app.page(), lacks(app), (app.place / "stopped").exists()) == ("one", (), False)
    assert (app.log()["action"], app.log()["by"]) == ("start", "ada")


@pytest.mark.in_turns("odd containers")
def test_restart_of_what_does_not_get_well(new_composition):
    app = new_composition()
    app.write(app=app.once(volumes=["./data:/data"]))
    app.image("one", "[ ! -e /data/bad ] || { echo bad data; exit 6; }; exec httpd -f -p 80 -h /www")
    app.push()
    (app.directory / "data/bad").touch()
    output = app.script("restart", code=1)
    assert "✗ restart: app ended with exit code 6" in output
    assert "  app | bad data" in output
    assert output.splitlines()[-1] == f"{app.name} is not well: app ended with exit code 6"


@pytest.mark.in_turns("odd containers")
def test_what_becomes_unwell_after_the_push_is_told(new_composition):
    app = new_composition()
    loop = "while [ ! -e /data/bad ]; do sleep 0.2; done; exit 6"
    worker = {"image": f"{app.repository}:1", "command": ["sh", "-c", loop], "volumes": ["./data:/data"]}
    app.write(app=app.once(), worker=worker | {"restart": "always", "healthcheck": {"disable": True}})
    app.push()
    told = f"/usr/local/lib/deploy/bin/well {app.name}"
    assert app.vps.run(told).stdout == ""
    (app.directory / "data/bad").touch()
    until(app.vps, f"{told} | grep -qx '{app.name}.worker crashes again and again (exit code 6)'")
    assert app.page() == "one"
    with connect(app.vps.address, app.vps.port, "root", app.vps.host_key, app.vps.key) as server:
        health = status(server, {})
    assert health.unwell[app.name] == "worker crashes again and again (exit code 6)"
    assert not health.fine
    assert f"✗ {app.name}: 200 in " in app.script("summary", code=1)
    app.script("stop")
    assert app.vps.run(told).stdout.startswith(f"{app.name}\t\tby root, 20")
    app.vps.run(
        f"docker start {app.project}-app-1; docker rm -f {app.project}-worker-1; docker stop {app.project}-app-1"
    )
    assert app.vps.run(told).stdout == f"{app.name}\tits containers have stopped\n"
    app.vps.run(f"docker rm -f {app.project}-app-1; rm /srv/deploy/{app.name}/stopped")
    assert app.vps.run(told).stdout == f"{app.name}\tit has no containers\n"
    app.vps.run("systemctl stop docker.socket docker")
    try:
        assert app.vps.run(told).stdout.startswith(f"{app.name}\tDocker does not answer: ")
    finally:
        app.vps.run("systemctl start docker.socket docker")


def lacks(app) -> tuple[str, ...]:
    """What a plan says that does not run of it."""
    wanted = {app.name: Standing(f"/opt/{app.name}", app.project, services=frozenset({"app", "worker"}))}
    with connect(app.vps.address, app.vps.port, "root", app.vps.host_key, app.vps.key) as server:
        seen = observe(server, [*QUESTIONS, Question("file", f"/etc/deploy/sites/{app.name}.conf")])
    return moving(wanted, seen).otherwise.get(app.name, ())


@pytest.mark.in_turns("odd containers")
def test_no_label_of_an_image_passes_for_an_answer_of_the_server(new_composition):
    """An image may have what it likes there, and whoever runs it without Compose gets it."""
    app = new_composition()
    app.push()
    forged = "--label com.docker.compose.project=$'odd\\npackage forged\\tone' --label com.docker.compose.service=$'a\\tb'"
    app.vps.run(f"docker create --name odd {forged} $(docker image ls -q | head -n 1)")
    try:
        with connect(app.vps.address, app.vps.port, "root", app.vps.host_key, app.vps.key) as server:
            facts = observe(server, QUESTIONS).facts
    finally:
        app.vps.run("docker rm odd")
    assert not [each for each in facts.packages if "forged" in each]
    assert [each.service for each in facts.stacks["odd package forged one"].containers] == ["a b"]


def test_what_does_not_run_is_told_and_a_push_brings_it_up(new_composition):
    """Each accident, what `plan` says, and what `status` says."""
    app = new_composition()
    app.configure(SERVICES="app worker")
    image, check = f"{app.repository}:1", {"test": ["CMD", "true"]}
    worker = {"image": image, "command": "sleep 1000", "healthcheck": check}
    job = {"image": image, "command": "true", "healthcheck": {"disable": True}}
    app.write(worker=worker | {"restart": "unless-stopped"}, job=job)
    assert lacks(app) == ("it has never been brought up",)
    app.push()
    assert lacks(app) == ()
    both = f"{app.project}-app-1 {app.project}-worker-1"
    accidents = {
        f"docker pause {app.project}-app-1": ("app is paused",) * 2,
        f"docker rm -f {app.project}-worker-1": ("worker has no container",) * 2,
        f"docker kill {both}": (
            "app ended with exit code 137",
            "worker ended with exit code 137",
            "its containers have stopped",
        ),
        f"docker rm -f {both} {app.project}-job-1": (
            "its containers are gone",
            "it has no containers",
        ),
    }
    for accident, (*planned, told) in accidents.items():
        app.vps.run(accident)
        assert (lacks(app), accident) == (tuple(planned), accident)
        assert app.vps.run(f"/usr/local/lib/deploy/bin/well {app.name}").stdout == f"{app.name}\t{told}\n"
        app.push("--missing")
        assert lacks(app) == (), accident
        assert app.vps.run(f"/usr/local/lib/deploy/bin/well {app.name}").stdout == "", accident
    app.vps.run(f"docker rm -f {app.project}-job-1")
    assert lacks(app) == (), "its work is done"


@pytest.mark.in_turns("odd containers")
def test_what_publishes_a_port_is_no_job_that_has_done_its_work(new_composition):
    app = new_composition()
    app.write(app=app.once(stop_signal="SIGTERM"))
    app.image("one", f"trap 'exit 0' TERM; {SERVE[5:]} & wait")
    app.push()
    app.vps.run(f"docker stop {app.project}-app-1")
    assert app.vps.run(f"docker inspect -f '{{{{.State.ExitCode}}}}' {app.project}-app-1").stdout == "0\n"
    assert lacks(app) == ("app has stopped", "worker has no container")
    app.push("--missing")
    assert app.page() == "one"


def test_what_was_stopped_on_purpose_stays_so(new_composition):
    app = new_composition()
    (app.place / "backup").mkdir(parents=True)
    app.write(app=app.once())
    app.push()
    app.vps.run(f"echo app >/srv/deploy/{app.name}/backup/stopped")  # as a killed backup leaves it
    app.script("stop")
    assert not (app.place / "backup/stopped").exists(), "or the next night starts it again"
    app.vps.run("rm -f /var/log/deploy/push.log*")
    told = f"/usr/local/lib/deploy/bin/well {app.name}"
    assert app.vps.run(told).stdout.startswith(f"{app.name}\t\tby root, 20")
    assert lacks(app) == ()
    summary = app.script("summary", code=1)
    assert "stopped on purpose by root" in summary
    assert not [line for line in summary.splitlines() if line and not line.strip()], summary

    app.image("two", "exit 3")
    app.push(code=1)
    assert (app.page(), (app.place / "stopped").exists()) == ("502", True), "as it was, and not running"
    assert lacks(app) == ()
    app.script("push", "--back")
    assert (app.page(), (app.place / "stopped").exists()) == ("502", True)

    app.image("three")
    app.push()
    assert (app.page(), (app.place / "stopped").exists()) == ("three", False)
    app.script("stop")
    app.vps.run(f"docker start {app.project}-app-1")
    assert app.vps.run(told).stdout == ""
    app.vps.run(f"docker kill {app.project}-app-1")
    assert lacks(app) == ("app ended with exit code 137", "worker has no container")
    app.script("restart")
    assert not (app.place / "stopped").exists()
    app.vps.run(f"docker pause {app.project}-app-1")
    app.script("restart")
    assert app.page() == "three"
    app.vps.run(f"docker pause {app.project}-app-1")
    app.script("stop")
    assert (app.running(), lacks(app)) == ({}, ())


@pytest.mark.in_turns("odd containers")
def test_down_without_files(new_composition):
    app = new_composition()
    app.push()
    app.vps.run(f"rm -r /opt/{app.name} /etc/deploy/sites/{app.name}.conf")
    assert "✓ down" in app.script("down")
    found = app.vps.run(
        f"docker ps -aq --filter label=com.docker.compose.project={app.project};"
        f"docker network ls -q --filter name={app.project}; docker image ls -q {app.repository}"
    )
    assert found.stdout == ""
    assert "not on this server yet" in app.push(code=69)


@pytest.mark.in_turns("odd containers")
def test_what_was_cut_off_before_it_had_a_container_leaves_no_network(new_composition):
    vps = new_composition().vps
    labels = "--label com.docker.compose.project=gone --label com.docker.compose.network=default"
    vps.run(f"docker network create {labels} gone_default; mkdir -p /var/lib/deploy")
    vps.run("echo gone gone >/var/lib/deploy/containers")
    vps.run("/usr/local/lib/deploy/bin/resume")
    assert "gone_default" not in vps.run("docker network ls").stdout


@pytest.mark.in_turns("odd containers")
def test_down_keeps_an_image_that_another_one_uses(new_composition):
    app, other = new_composition(), new_composition()
    other.write(app={"image": f"{app.repository}:1", "ports": [f"127.0.0.1:{other.port}:80"]})
    app.push()
    other.push()
    other.script("stop")
    page = app.page()
    app.script("down")
    assert app.page() == "502"
    assert app.vps.run(f"docker image ls -q {app.repository}").stdout != ""
    app.vps.run("systemctl stop docker-registry")
    try:
        other.script("restart")
    finally:
        app.vps.run("systemctl start docker-registry")
    assert other.page() == page


@pytest.mark.in_turns("odd containers")
def test_what_is_built_on_the_server(new_composition):
    app = new_composition()
    app.vps.run(f"docker pull -q {app.repository}:1")
    app.write(app={"build": "./source", "ports": [f"127.0.0.1:{app.port}:80"], "restart": "unless-stopped"})
    source = app.directory / "source"
    source.mkdir()
    (source / "page").write_text("built")
    (source / "Dockerfile").write_text(f"FROM {app.repository}:1\nCOPY page /www/index.html\n")
    app.push()
    assert app.page() == "built"
    assert "already up to date" in app.push()
    (source / "page").write_text("rebuilt")
    app.push("--missing")
    assert app.page() == "rebuilt"
    (source / "Dockerfile").write_text(f"FROM {app.repository}:1\nRUN echo going wrong && exit 3\n")
    output = app.fails()
    assert "going wrong" in output
    assert "✗ pull: the image could not be built: " in output
    app.script("rollback")
    assert app.page() == "built"


@pytest.mark.in_turns("odd containers")
def test_what_a_person_has_started_by_hand_is_taken_over(new_composition):
    app = new_composition()
    app.write(app=app.once())
    app.vps.run(f"cd /opt/{app.name} && docker compose up -d 2>&1")
    by_hand = app.running()
    app.image("two", "exit 2")
    assert app.fails()
    app.image("three")
    app.push()
    assert app.page() == "three"
    releases = json.loads(app.script("releases", "--json"))
    assert [each["live"] for each in releases] == [True, False]
    assert all(datetime.fromisoformat(each["time"]).tzinfo for each in releases)
    app.script("rollback")
    assert app.running() == by_hand


@pytest.mark.in_turns("odd containers")
def test_containers_of_another_project_hold_the_port(new_composition):
    app = new_composition()
    app.vps.run(f"cd /opt/{app.name} && docker compose --project-name byhand up -d 2>&1")
    try:
        output = app.push(code=1)
    finally:
        app.vps.run("docker compose --project-name byhand down 2>&1")
    assert f"port {app.port} is taken by the container byhand-app-1" in output


def test_a_service_without_a_domain(new_composition):
    app = new_composition()
    app.configure(DOMAIN="")
    app.vps.run("systemctl stop nginx")
    try:
        assert "1 containers are well" in app.push()
    finally:
        app.vps.run("systemctl start nginx")


def test_words_that_are_no_options(new_composition):
    app = new_composition()
    for name, *options in (
        ("push", "--ref", "main"),
        ("push", "other"),
        ("rollback", "--to", "../../x"),
        ("logs", "--lines", "many"),
        ("restart", "--now"),
        ("secret",),
        ("secret", "'A B'"),
        ("update", "--cooldown", "3d"),
    ):
        assert "✗ " in app.script(name, *options, code=2)


DROPS = "mkdir -p /etc; echo games:x:5:60::/:/bin/sh >/etc/passwd; exec start-stop-daemon -S -c games -x /bin/sleep -- 1000"


@pytest.mark.in_turns("odd containers")
def test_what_gives_a_container_the_server_is_told_by_an_audit(new_composition):
    app = new_composition()
    image = {"image": f"{app.repository}:1"}
    app.write(
        runtime=image | {"volumes": ["/var/run:/run/of/host:ro"], "pid": "host"},
        whole=image | {"volumes": ["/:/host", "./data:/data", "of-its-own:/more"]},
        drops=image | {"command": ["sh", "-c", DROPS], "healthcheck": {"disable": True}},
        strong=image | {"cap_add": ["SYS_ADMIN", "NET_ADMIN"]},
        all=image | {"privileged": "True", "user": "5", "logging": {"options": {"max-size": "1m"}}},
    )
    file = app.directory / "docker-compose.yml"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"volumes": {"of-its-own": None}}))
    app.push()
    seen = read_evidence(app.vps.run("bash -s", input=script("audit.sh").decode()).stdout)
    prefix = f"the container {app.project}-"
    (logs,) = [each.what for each in upkeep.logs(seen, Config())]
    assert f"{app.project}-app-1, " in logs
    assert f"{app.project}-all-1, " not in logs
    found = [each.what for each in exposure.containers(seen, Config()) if each.what.startswith(prefix)]
    assert sorted(what.removeprefix(prefix) for what in found) == [
        "all-1 is privileged",
        "app-1 runs as root",
        "runtime-1 may talk to Docker's socket",
        "runtime-1 sees all processes of the server",
        "strong-1 has the capability SYS_ADMIN",
        "whole-1 has / of the server",
        "whole-1 may talk to Docker's socket",
    ]


@pytest.mark.in_turns("odd containers")
def test_a_doctor_counts_images_that_no_container_has_and_knows_whose_docker_it_is(new_composition):
    app = new_composition("")
    app.image("one")
    app.push()

    def told(word):
        said = app.vps.run("bash -s", input=script("doctor.sh").decode()).stdout
        return [line.partition(" ")[2] for line in said.splitlines() if line.startswith(word + " ")]

    (before,) = told("images")
    app.vps.run("echo x >/root/x; tar -C /root -c x | docker import - left:1")
    (after,) = told("images")
    count, size = (int(new) - int(old) for new, old in zip(after.split(), before.split(), strict=True))
    assert (count, size > 0) == (1, True)
    app.vps.run("docker create --name left left:1 true")
    assert told("images") == [before]
    app.vps.run("docker rm left; docker rmi left:1")
    assert told("images") == [before]
    assert told("docker_of") == ["docker.io"]
    assert told("docker") == [app.vps.run("docker version --format '{{.Server.Version}}'").stdout.strip()]
