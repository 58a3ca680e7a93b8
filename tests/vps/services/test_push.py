"""Pushes of a composition: the new images are healthy and answer, or the old ones are back."""

import json
import subprocess

import pytest

from vps.services.registry import NO_CHECK, health
from vps.waiting import reload_nginx, started, until, until_it_says

SERVE = "exec httpd -f -p 80 -h /www"
ANSWER_500 = (
    "rm /www/index.html; printf '#!/bin/sh\\nprintf \"Status: 500 x\\\\n\\\\nbroken\"' > /www/cgi-bin/index.cgi;"
    "chmod +x /www/cgi-bin/index.cgi"
)


def test_from_nothing_then_nothing_new_then_a_new_image(new_composition):
    app = new_composition()
    output = app.push("--by ada")
    assert "▸ pull" in output
    assert "✓ up " in output
    assert f"http://{app.name}/ answers 200" in output
    assert output.splitlines()[-1].startswith(f"{app.name} is live: {app.repository}:1 ")
    assert app.page() == "one"
    assert app.log()["by"] == "ada"

    output = app.push()
    assert output.splitlines()[-1] == f"{app.name} is already up to date"
    assert "▸ up" not in output

    new = app.image("two")
    output = app.push()
    assert f"{app.repository}:1: newer image " in output
    assert app.page() == "two"
    assert app.running() == {"app": new}


@pytest.mark.fault("a new image crashes at once")
def test_a_new_image_that_crashes_at_once(app):
    app.image("two", "echo this is why; exit 3")
    output = app.fails()
    assert "✗ up: app crashes again and again (exit code 3)" in output
    assert "  app | this is why" in output
    assert "✓ back" in output
    app.vps.run(f"cd /opt/{app.name} && docker compose up -d 2>&1")
    assert app.page() == "one"


@pytest.mark.in_turns("an image that is no good")
def test_a_new_image_that_cannot_be_started(app):
    app.image("two", Entrypoint=["/nowhere"], Healthcheck=NO_CHECK)
    output = app.fails()
    assert "/nowhere" in output


@pytest.mark.in_turns("an image that is no good")
def test_a_new_image_that_never_gets_healthy(app):
    app.image("two", Healthcheck=health("cat /nowhere", Interval=1, Retries=2))
    output = app.fails()
    assert "✗ up: app is unhealthy" in output


@pytest.mark.in_turns("an image that is no good")
def test_a_new_image_that_starts_too_slowly(app):
    app.configure(WAIT=4)
    app.image("two", Healthcheck=health("cat /nowhere", Interval=1, StartPeriod=60))
    output = app.fails()
    assert "✗ up: app is not healthy after 4 s" in output


@pytest.mark.in_turns("an image that is no good")
def test_a_new_image_that_is_healthy_and_answers_500(app):
    healthy_all_the_same = health("true", Interval=0.3)
    app.image("two", f"echo starting; {ANSWER_500}; {SERVE}", Healthcheck=healthy_all_the_same)
    output = app.fails()
    assert f"✗ up: http://{app.name}/ answers 500" in output
    assert "  app | starting" in output


@pytest.mark.in_turns("an image that is no good")
@pytest.mark.parametrize(
    "lines", ["auth_basic x; auth_basic_user_file /dev/null;", "location = / { return 301 /elsewhere; }"]
)
def test_a_new_image_that_answers_500_behind_an_answer_of_nginx_itself(app, lines):
    """A password, or a redirect of sites.yaml, would hide that nobody gets further."""
    vhost = app.vps.root / f"etc/nginx/conf.d/{app.name}.conf"
    before = vhost.read_text()
    vhost.write_text(before.replace("location / {", f"{lines} location / {{"))
    reload_nginx(app.vps)
    try:
        assert "is already up to date" in app.push()
        app.image("two", f"{ANSWER_500}; {SERVE}", Healthcheck=health("true", Interval=0.3))
        assert f"✗ up: http://127.0.0.1:{app.port}/ answers 500" in app.fails()
    finally:
        vhost.write_text(before)
        reload_nginx(app.vps)


@pytest.mark.in_turns("an image that is no good")
@pytest.mark.fault("a new image crashes again and again")
def test_a_crash_loop_that_takes_its_time(app):
    app.image("two", "sleep 1; echo dying; exit 5", Healthcheck=NO_CHECK)
    output = app.fails()
    assert "app crashes again and again (exit code 5)" in output


@pytest.mark.in_turns("an image that is no good")
def test_a_worker_that_dies_after_six_seconds_beside_a_page_that_answers(app):
    app.configure(WATCH=10)
    # neither has a health check: for that of the page, the push would wait, and see the worker end by that
    image = {"image": f"{app.repository}:1", "healthcheck": {"disable": True}}
    worker = image | {"command": ["sh", "-c", "sleep 6; echo out of jobs; exit 3"]}
    app.write(app=image | {"ports": [f"127.0.0.1:{app.port}:80"]}, worker=worker)
    output = app.push(code=1)
    assert "✗ up: worker ended with exit code 3" in output
    assert "  worker | out of jobs" in output


@pytest.mark.in_turns("an image that is no good")
def test_the_cause_is_named_and_not_what_waits_for_it(app):
    image = {"image": f"{app.repository}:1"}
    needs = {"depends_on": {"store": {"condition": "service_healthy"}}}
    app.write(
        app=image | {"ports": [f"127.0.0.1:{app.port}:80"]} | needs,
        store=image | {"command": ["sh", "-c", "echo nothing to do here"]},
    )
    output = app.push(code=1)
    assert "✗ up: store exited (0)" in output
    assert "  store | nothing to do here" in output
    assert output.splitlines()[-1].startswith(f"{app.name} is not well: "), "its files are what they are"


@pytest.mark.fault("a new image ends")
@pytest.mark.fault("a migration of a new image fails")
def test_what_ends_well_is_fine_and_what_fails_is_not(new_composition):
    """A migration that ends before the program begins; then it fails, then the program does."""
    app = new_composition()
    image = {"image": f"{app.repository}:1"}
    needs = {"depends_on": {"migration": {"condition": "service_completed_successfully"}}}
    command = ["sh", "-c", "cat /www/index.html; grep -q one /www/index.html"]
    app.write(migration=image | {"command": command}, app=app.once(**needs))
    app.push()
    assert app.page() == "one"
    assert "already up to date" in app.push()
    app.image("two")
    output = app.fails()
    assert "✗ up: migration ended with exit code 1" in output
    assert "  migration | two" in output
    app.image("one more", "echo cannot; exit 4")
    output = app.fails()
    assert "✗ up: app ended with exit code 4" in output
    assert "  app | cannot" in output


@pytest.mark.in_turns("an image that is no good")
def test_the_first_push_fails(new_composition):
    app = new_composition("")
    app.write(app=app.once())
    app.image("never", "echo nope; exit 9")
    output = app.push(code=1)
    assert "exit code 9" in output
    assert "  app | nope" in output
    assert output.splitlines()[-1] == f"{app.name} is as it was: nothing runs"
    app.image("now")
    app.push()
    assert app.page() == "now"


def test_image_missing(app):
    app.write(other={"image": f"{app.repository}/nowhere:7"})
    output = app.fails()
    assert f"✗ pull: {app.repository}/nowhere:7 cannot be had from 127.0.0.1:5000: " in output
    assert "unknown" in output


@pytest.mark.in_turns("nothing to begin with")
def test_registry_down(app):
    app.vps.run("systemctl stop docker-registry")
    try:
        output = app.fails()
    finally:
        app.vps.run("systemctl start docker-registry; curl -s --retry 9 --retry-connrefused 127.0.0.1:5000")
    unknown = "is here, and whether 127.0.0.1:5000 has a newer one cannot be known: "
    assert f"✗ pull: {app.repository}:1 {unknown}" in output
    assert "connection refused" in output


@pytest.mark.in_turns("nothing to begin with")
def test_port_taken_by_something_else(app):
    app.write(
        app={"image": f"{app.repository}:1", "ports": [f"127.0.0.1:{app.port}:80", "127.0.0.1:5000:81"]}
    )
    before = app.running()
    output = app.push(code=1)
    assert "port 5000 is taken by docker-registry" in output
    app.write()
    app.push()
    assert app.running() == before


@pytest.mark.in_turns("nothing to begin with")
def test_compose_file_invalid(app):
    file = app.directory / "docker-compose.yml"
    file.write_text("services:\n  app:\n    image: x\n    ports: 3\n")
    output = app.fails()
    assert f"docker compose refuses /opt/{app.name}/docker-compose.yml: " in output
    assert "services.app.ports must be a" in output
    file.write_text("services:\n  app:\n    image: [x\n")
    assert "yaml: line 2: did not find expected ',' or ']'" in app.fails()


def test_a_port_that_only_a_value_on_the_server_opens(app):
    app.configure(PUBLIC="9999/udp")
    ports = ["${BIND:-127.0.0.1}:" + f"{app.port}:80", "9999:9999/udp"]
    app.write(app={"image": f"{app.repository}:1", "ports": ports})
    app.push()
    (app.directory / ".env").write_text("BIND=0.0.0.0\n")
    assert f"others would reach {app.port}/tcp, which sites.yaml does not allow" in app.fails()
    app.configure(PUBLIC=f"9999/udp {app.port}/tcp")
    app.push()
    app.configure(PUBLIC="")
    (app.directory / ".env").unlink()
    assert "others would reach 9999/udp, which" in app.fails()
    app.write(app={"image": f"{app.repository}:1", "network_mode": "host"})
    assert "others would reach all its ports, which" in app.fails()
    app.write(
        app={"image": f"{app.repository}:1", "ports": [f"[::1]:{app.port}:80", f"127.0.0.1:{app.port}:80"]}
    )
    app.push()
    assert app.page() == "one"


@pytest.mark.in_turns("nothing to begin with")
def test_what_to_build_from_is_missing(app):
    app.configure(BUILT=1)
    app.write(made={"build": "./gone"})
    output = app.fails()
    (said,) = (
        line for line in output.splitlines() if line.startswith("✗ pull: the image could not be built: ")
    )
    assert f"/opt/{app.name}/gone" in said
    assert "tail" not in said


@pytest.mark.in_turns("nothing to begin with")
def test_a_secret_that_is_missing(app):
    app.write(
        app={"image": f"{app.repository}:1", "environment": {"X": "${TOKEN:?is not in .env}"}},
    )
    output = app.fails()
    assert "TOKEN" in output
    assert "is not in .env" in output


@pytest.mark.in_turns("nothing to begin with")
def test_docker_not_running(app):
    app.vps.run("systemctl stop docker.socket docker")
    try:
        output = app.push(code=1)
    finally:
        app.vps.run("systemctl start docker")
    assert "✗ docker: Docker does not answer: " in output
    assert not (app.vps.root / f"srv/deploy/{app.name}/work").exists()
    assert app.log()["result"] == "failed"
    until(app.vps, f"docker ps --filter name={app.project}-app | grep -qF '(healthy)'")
    output = app.push()
    assert output.splitlines()[-1] == f"{app.name} is already up to date"
    assert "was killed" not in output


@pytest.mark.in_turns("nothing to begin with")
def test_nginx_not_running(app):
    before = app.running()
    app.image("two")
    app.vps.run("systemctl stop nginx")
    try:
        output = app.push(code=1)
    finally:
        app.vps.run("systemctl start nginx")
    assert "NGINX does not answer" in output
    assert app.running() == before


def test_the_caller_goes_away(app):
    app.image("two", megabytes=120)
    push = f"/usr/local/lib/deploy/bin/push {app.name} --attached"
    attached = started(app.vps, push, stdin=subprocess.PIPE)
    until_it_says(attached, "Pulling from")
    output, _ = attached.communicate()
    assert "✗ pull: the caller is gone: given up" in output
    assert app.page() == "one"


def test_only_the_file_that_was_checked_is_read(app):
    port = app.port + 400
    # Compose reads these by itself, and prefers the first of them to docker-compose.yml
    open_to_all = f'{{"services": {{"app": {{"image": "{app.repository}:1", "ports": ["{port}:80"]}}}}}}'
    for name in ("compose.yaml", "docker-compose.override.yml"):
        (app.directory / name).write_text(open_to_all)
    try:
        output = app.push("--force")
        assert f"! /opt/{app.name}/docker-compose.override.yml is not read" in output
        assert f"! /opt/{app.name}/compose.yaml is not read" in output
        for name in ("push", "stop", "restart", "logs"):
            app.script(name)
            published = app.vps.run(f"docker ps -a --filter name={app.project}- --format '{{{{.Ports}}}}'")
            assert str(port) not in published.stdout, name
        assert app.page() == "one"
    finally:
        for name in ("compose.yaml", "docker-compose.override.yml"):
            (app.directory / name).unlink()


def test_images_by_digest(new_composition):
    """First without a tag, then with one, and back."""
    app = new_composition("")
    first, digest = app.pinned("one")
    plain, tagged = app.repository, f"{app.repository}:1"

    def is_live(name: str, its_digest: str, image: str, page: str) -> None:
        app.write(app=app.once(image=f"{name}@{its_digest}"))
        output = app.push()
        assert output.splitlines()[-1].startswith(f"{app.name} is live: {name} {image[7:19]} ("), name
        assert (app.page(), app.running()) == (page, {"app": image}), name

    def stays(name: str, page: str) -> None:
        assert f"{app.name}: {name} is pinned to one image" in app.script("update", "--check")
        assert "already up to date" in app.script("push"), name
        assert app.page() == page, name

    is_live(plain, digest, first, "one")
    second, other = app.pinned("two")
    stays(plain, "one")
    assert "already up to date" in app.script("update")
    is_live(tagged, other, second, "two")
    app.pinned("three")
    stays(tagged, "two")
    app.vps.run("docker image prune --force")
    kept = app.vps.run(f"docker image ls --no-trunc --quiet {app.repository}").stdout.split()
    assert {first, second} <= set(kept)

    # The images of before are not what the file names: they would not come up, and none says that they did
    output = app.script("rollback", code=1)
    assert f"app ran on {plain}@{digest}, and docker-compose.yml names" in output
    is_live(tagged, digest, first, "one")


@pytest.mark.in_turns("an image that is no good")
def test_a_pinned_image_that_does_not_come_up(new_composition):
    app = new_composition()
    beside, digest = app.pinned("beside")
    app.image("one")
    app.write(app=app.once(), side={"image": f"{app.repository}@{digest}"})
    app.push()
    app.image("two", "echo no; exit 3")
    output = app.fails()
    assert "✓ back" in output
    app.image("three")
    app.push()
    assert (app.page(), app.running()["side"]) == ("three", beside)
    app.script("rollback")
    assert (app.page(), app.running()["side"]) == ("one", beside)

    app.write(side={"image": f"{app.repository}@sha256:{'0' * 64}"})
    assert f"✗ pull: {app.repository}@sha256:{'0' * 64} cannot be had from 127.0.0.1:5000: " in app.fails()


def test_a_rollback_to_before_a_service_was_added_and_across_another_name(new_composition):
    app = new_composition()
    app.push()
    app.image("side", name=f"{app.repository}-side")
    app.image("two")
    side = {"side": {"image": f"{app.repository}-side:1"}}
    app.write(**side)
    app.push()
    added = app.running()["side"]
    app.script("rollback")
    assert (app.page(), app.running()["side"]) == ("one", added)

    other = f"{app.repository}-other"
    app.image("two", name=other)
    app.write(app=app.once(image=f"{other}:1"), **side)
    app.push()
    output = app.script("rollback", code=1)
    assert f"app ran on {app.repository}:1, and docker-compose.yml names {other}:1 now" in output
    assert output.splitlines()[-1].startswith(f"{app.name} is as it was: {other}:1 ")
    assert app.page() == "two"


def by_hand(app, change: dict, folder: str = "") -> None:
    """Start it as a person does, in its folder or another, from a file with these changes of `app`."""
    own = {"image": f"{app.repository}:1", "ports": [f"127.0.0.1:{app.port}:80"], "restart": "unless-stopped"}
    app.write(app=own | change)
    folder = folder or f"/opt/{app.name}"
    app.vps.run(
        f"[ -e {folder} ] || mv /opt/{app.name} {folder}; cd {folder} && docker compose up -d --wait 2>&1"
    )


def listens(app) -> str:
    """Where the port of `app` is open."""
    return app.vps.run(f"docker port {app.project}-app-1").stdout.strip()


def stays_up_to_date(app) -> None:
    before = app.running(), app.vps.run(f"docker ps -q --filter name={app.project}-").stdout
    assert app.push().splitlines()[-1] == f"{app.name} is already up to date"
    assert before == (app.running(), app.vps.run(f"docker ps -q --filter name={app.project}-").stdout)


@pytest.mark.in_turns("started by hand")
def test_an_open_port_of_what_was_started_by_hand_is_closed(new_composition):
    """Before its first push, and after it, though then no file differs."""
    app = new_composition()
    for options in (["--missing"], []):
        by_hand(app, {"ports": [f"{app.port}:80"]})
        app.write()
        assert "0.0.0.0:" in listens(app), options
        assert f"{app.name} is live: " in app.push(*options), options
        assert listens(app) == f"80/tcp -> 127.0.0.1:{app.port}", options
        stays_up_to_date(app)


def test_what_was_started_by_hand_in_another_folder_gets_the_mounts_of_this_one(new_composition):
    app = new_composition()
    mount = {"volumes": ["./page:/www/index.html:ro"]}
    app.directory.mkdir(exist_ok=True)
    (app.directory / "page").write_text("old folder")
    by_hand(app, mount, folder=f"/opt/old-{app.project}")
    assert app.page() == "old folder"
    app.write()
    app.push("--missing")
    assert app.page() == "one"
    assert app.vps.run(f"docker inspect {app.project}-app-1 --format '{{{{.Mounts}}}}'").stdout == "[]\n"
    stays_up_to_date(app)


@pytest.mark.in_turns("started by hand")
def test_a_mounted_file_that_changed_since_a_person_started_it(new_composition):
    app = new_composition()
    mount = {"volumes": ["./page:/www/index.html:ro"]}
    page = app.directory / "page"
    page.parent.mkdir(exist_ok=True)
    page.write_text("by hand")
    manifest = app.vps.root / "var/lib/deploy/manifest"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(f"{'0' * 64}  /opt/{app.name}/page\n")
    by_hand(app, mount)
    page.unlink()
    page.write_text("from sites.yaml")
    app.push("--missing")
    assert app.page() == "from sites.yaml"
    stays_up_to_date(app)
    page.unlink()
    page.write_text("changed")
    app.push()
    assert app.page() == "changed", "also since a push has started it"


@pytest.mark.in_turns("started by hand")
def test_a_volume_by_another_name(new_composition):
    app = new_composition()
    for name in ("first", "second"):
        app.write(
            app={
                "image": f"{app.repository}:1",
                "volumes": ["data:/d"],
                "ports": [f"127.0.0.1:{app.port}:80"],
            }
        )
        file = app.directory / "docker-compose.yml"
        volumes = {"data": {"name": f"{name}-{app.project}"}}
        file.write_text(json.dumps(json.loads(file.read_text()) | {"volumes": volumes}))
        app.push("--missing")
        mounts = "{{range .Mounts}}{{.Name}}{{end}}"
        found = app.vps.run(f"docker inspect {app.project}-app-1 --format '{mounts}'").stdout
        assert found == f"{name}-{app.project}\n"
    stays_up_to_date(app)


def test_up_to_date_though_the_hash_that_compose_prints_is_another(new_composition):
    """Of services with env_file, or in another's network, `compose config --hash` is not the hash of the container."""
    app = new_composition()
    image = {"image": f"{app.repository}:1", "restart": "unless-stopped"}
    app.directory.mkdir(exist_ok=True)
    (app.directory / "app.env").write_text("A=1\n")
    app.write(
        app=image | {"ports": [f"127.0.0.1:{app.port}:80"], "env_file": "app.env"},
        beside=image
        | {"network_mode": "service:app", "command": ["sleep", "999"], "healthcheck": {"disable": True}},
    )
    app.push()
    stays_up_to_date(app)


def test_a_time_in_a_warning_of_compose_is_no_port(app):
    before = app.running()
    app.write(
        other={
            "image": f"{app.repository}:1",
            "container_name": f"{app.project}-app-1",
            "environment": {"A": "$NOT_SET"},
        }
    )
    output = app.push(code=1)
    assert "already in use by container" in output
    assert "port " not in output
    assert app.running() == before
