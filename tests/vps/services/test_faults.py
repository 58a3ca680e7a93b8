"""Pushes that meet, that are killed, and that run out of disk; rollbacks, and what is left lying about."""

import json
import os

import pytest

from deployer.config.model import Config
from deployer.parts.compositions import resume_files
from vps.services.conftest import password_wanted
from vps.services.lost import identity, leave_a_folder, lose, runs, spoil
from vps.services.registry import NO_CHECK
from vps.waiting import journal, started, until, until_locked

pytestmark = pytest.mark.in_turns("faults", of="modules")

ROUNDS = int(os.environ.get("ROUNDS", "1"))
"""How often each moment is tried; by hand, more often."""
PLACES = {
    "after the configuration is read": (
        "lib/composition/pull",
        "    [[ -n $WANTED ]]",
        "    kill -9 $$\n    [[ -n $WANTED ]]",
    ),
    "after the pull": ("bin/compose-push", "    pull\n", "    pull\n    kill -9 $$\n"),
    "before anything is stopped": (
        "lib/composition/replace",
        "    if [[ -n $FORCE ]]",
        "    kill -9 $$\n    if [[ -n $FORCE ]]",
    ),
    "while it comes up": (
        "lib/composition/health",
        "    up=$!\n",
        "    up=$!\n    sleep 0.4\n    kill -9 $$\n",
    ),
    "when it is healthy": (
        "lib/composition/replace",
        "    GONE_OVER=1\n    remember_live\n",
        "    kill -9 $$\n    GONE_OVER=1\n    remember_live\n",
    ),
    "when it is remembered": (
        "lib/composition/replace",
        "    remember_live\n    rm -f",
        "    remember_live\n    kill -9 $$\n    rm -f",
    ),
    "when it is accepted": (
        "lib/composition/replace",
        'accepted"\n    if',
        'accepted"\n    kill -9 $$\n    if',
    ),
}


def die(app, place: str, how: str = "kill -9 $$", code: int = 137) -> str:
    """Run the real push, which kills itself at that place, or does what else is said; what it says."""
    part, before, after = PLACES[place]
    scripts = app.vps.root / "root/dying"
    app.vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    text = (scripts / part).read_text()
    assert before in text
    (scripts / part).write_text(text.replace(before, after.replace("kill -9 $$", how)))
    done = app.vps.run(f"/root/dying/bin/compose-push {app.name} --by ada; echo ended with $?")
    assert done.stdout.endswith(f"ended with {code}\n")
    return done.stdout


def images(app) -> set[str]:
    found = app.vps.run(f"docker image ls -aq --no-trunc {app.repository}").stdout
    return set(found.split())


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push of containers is killed at a step", rounds=len(PLACES) - 1)
def test_killed_and_the_next_push_heals(new_composition):
    app = new_composition()
    app.push()
    for place in (
        each for each in PLACES if each != "before anything is stopped"
    ):  # which comes in a test below
        app.image(place)
        die(app, place)
        output = app.push()
        assert "was killed: cleaning up after it" in output, place
        assert app.page() == place
        assert sorted(p.name for p in app.place.iterdir()) == ["images", "lock", "made-live"]
        assert not (app.place / "images/interrupted").exists(), place
    assert "already up to date" in app.push()


@pytest.mark.in_turns("Docker fails")
@pytest.mark.fault("Docker stops in the middle of a first push of containers")
def test_docker_stops_and_what_came_up_is_still_to_be_removed(new_composition):
    app = new_composition()
    place = "when it is remembered"
    output = die(app, place, how="systemctl stop docker.socket docker; fail 'no'", code=1)
    app.vps.run("systemctl start docker.socket docker")
    assert "! what has come up is not removed: docker compose down: " in output
    assert "are removed" not in output
    assert app.script("compose-push", "--back").splitlines()[-1] == f"{app.name} is as it was: nothing runs"
    assert app.running() == {}


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push of containers was killed, and another command comes next", rounds=3)
def test_killed_and_what_comes_next_is_no_push(new_composition):
    app = new_composition()
    app.push()
    for command, says in (("stop", "✓ stop"), ("restart", "✓ restart"), ("down", "✓ down")):
        app.image(command)
        die(app, "before anything is stopped")
        output = app.script(command)
        assert "was killed: cleaning up after it" in output
        assert says in output
        assert not (app.place / "work").exists()
    app.push()
    assert app.page() == "down"


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push of a bad image is killed")
def test_killed_with_an_image_that_is_no_good(new_composition):
    app = new_composition()
    app.write(app=app.once())
    app.push()
    before = app.running()
    app.image("two", "sleep 2; exit 8", Healthcheck=NO_CHECK)
    die(app, "while it comes up")
    output = app.push(code=1)
    assert "✓ back" in output
    assert "exit code 8" in output
    assert app.running() == before
    assert app.page() == "one"


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a push of containers is killed at a moment", rounds=3)
def test_killed_at_any_moment(new_composition):
    app = new_composition("page 0")
    app.push()
    for moment in (1, 5, 9) if ROUNDS == 1 else range(1, 10):
        app.image(f"page {moment}")
        app.vps.run(
            f"timeout -s KILL 0.{moment}5 /usr/local/lib/deploy/bin/compose-push {app.name}", check=False
        )
        app.push()
        assert app.page() == f"page {moment}"
        names = app.vps.run(f"docker ps -a --filter name={app.project} --format '{{{{.Names}}}}'").stdout
        assert names == f"{app.project}-app-1\n"
    assert len(images(app)) == 2


@pytest.mark.in_turns("killed")
@pytest.mark.fault("the end of a service that is in sites.yaml no more is killed")
def test_a_killed_end_is_ended(new_composition):
    app = new_composition()
    app.push()
    (app.vps.root / f"etc/deploy/sites/{app.name}.conf").unlink()
    app.vps.run(
        f"mkdir -m 700 {app.place}/work; printf 'ada\\t2026-01-01\\n' >{app.place}/work/holder".replace(
            str(app.vps.root), ""
        )
    )
    ended = app.vps.run(f"FORMER_PROJECT={app.project} /usr/local/lib/deploy/bin/down {app.name}")
    assert "the push of ada, begun 2026-01-01, was killed: cleaning up after it" in ended.stdout
    assert not ended.stderr
    assert app.running() == {}


def push_and_kill(app, event: str, *victims: str) -> str:
    """Push, and kill what has these words in its command as soon as Docker tells of the event; what the push said."""
    kill = "; ".join(f"pkill -KILL -f '{victim}'" for victim in victims)
    return app.vps.run(f"""
        exec 3< <(exec docker events --since $EPOCHREALTIME --filter label=com.docker.compose.project={app.project} \\
            --filter event={event} --format told)
        listener=$!
        /usr/local/lib/deploy/bin/push {app.name} >/root/said 2>&1 & push=$!
        read -r -u 3; {kill}
        wait $push; kill $listener; cat /root/said
    """).stdout


def compose_of(app) -> str:
    return f"^[^ ]*docker-compose.* --project-name {app.project} "


def names(app) -> list[str]:
    label = f"label=com.docker.compose.project={app.project}"
    return app.vps.run(f"docker ps -a --filter {label} --format '{{{{.Names}}}}'").stdout.split()


# Of the steps of Docker Compose (create, kill and die, destroy, rename, start), in an order in which it is killed alone at
# "create" and "destroy", and our push with it at "die" and "start"; on Debian 12 at "rename" alone.
EVENTS = ("create", "destroy", "die", "start")
EVENTS_12 = ("die", "rename")


@pytest.mark.in_turns("killed")
@pytest.mark.fault("Docker Compose is killed while it makes a container anew", rounds=len(EVENTS))
def test_docker_compose_killed_at_any_moment(new_composition):
    docker_compose_is_killed(new_composition("page 0"), EVENTS)


def docker_compose_is_killed(app, events: tuple[str, ...]) -> None:
    """As by the kernel when memory is short; every other time our own push dies with it."""
    app.push()
    live = "page 0"
    for number in range(1, ROUNDS * len(events) + 1):
        event, both = events[number % len(events)], number % 4 > 1
        print(f"round {number}: killed at '{event}', {'with our push' if both else 'alone'}")
        app.image(f"page {number}")
        said = push_and_kill(app, event, compose_of(app), *(["[d]eploy/bin/compose-push"] if both else []))
        if both:
            app.push()
            live = f"page {number}"
        elif f"{app.name} is live: " in said:
            live = f"page {number}"
        else:
            assert said.splitlines()[-1].startswith(f"{app.name} is as it was: "), said
        assert (app.page(), names(app)) == (live, [f"{app.project}-app-1"]), said
        assert not (app.place / "images/interrupted").exists()


@pytest.mark.in_turns("Docker fails")
@pytest.mark.fault("a power cut in a push of containers, and in an apply", rounds=3)
def test_power_cut_in_a_push(new_composition):
    """Nobody logs in afterwards: what was up is up again."""
    app = new_composition("page 0")
    units = resume_files(Config.model_validate({"services": {"watchtower": {}}}))
    for path, file in units.items():
        (app.vps.root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (app.vps.root / path[1:]).write_bytes(file.content)
    app.vps.run(
        "mkdir -p /var/lib/deploy; systemctl daemon-reload; systemctl enable --quiet docker nginx docker-registry"
    )
    app.push()
    for number, event in enumerate(("die", "destroy") * ROUNDS, 1):
        print(f"round {number}: power cut at '{event}'")
        app.image(f"page {event}")
        push_and_kill(app, event, compose_of(app), "[d]eploy/bin/compose-push", "[d]ockerd", "[c]ontainerd")
        app.vps.restart()
        until(app.vps, "systemctl is-active --quiet multi-user.target")
        said = journal(app.vps, "--unit=deploy-resume")
        assert app.page() == "page 0", said
        assert f"{app.name} is as it was: " in said
        assert names(app) == [f"{app.project}-app-1"]
    app.vps.run(f"echo {app.name} {app.project} >/var/lib/deploy/containers; docker stop {app.project}-app-1")
    app.vps.restart()  # as an apply leaves it that had brought something up
    until(app.vps, "systemctl is-active --quiet multi-user.target")
    assert app.page() == "page 0"
    assert not (app.vps.root / "var/lib/deploy/containers").exists()
    app.push()
    assert app.page() == "page destroy"


@pytest.mark.in_turns("Docker fails")
@pytest.mark.fault("containerd is started anew and forgets a container whose program goes on", rounds=3)
def test_what_docker_has_lost_is_ended_and_made_anew(new_composition):
    app = new_composition()
    app.push()
    _, program = lose(app)
    app.image("two")
    assert f"! {app.name}: Docker has lost app, whose program went on: it is ended" in app.push()
    assert (app.page(), runs(app, program)) == ("two", False)
    _, program = lose(app)
    app.vps.run("systemctl restart docker")  # now it says that the container has ended
    app.image("three")
    assert f"! {app.name}: Docker has lost app, whose program went on: it is ended" in app.push()
    assert (app.page(), runs(app, program)) == ("three", False)
    _, program = lose(app)
    assert "Docker has lost a container, whose program went on: it is ended" in app.script("down")
    assert not runs(app, program)
    until(app.vps, "! pgrep -f '^[^ ]*containerd-shim'")


@pytest.mark.fault("Docker refuses to start a container by its id", rounds=5)
def test_what_docker_does_not_start_is_made_anew(new_composition):
    app = new_composition()
    app.write(app=app.once(), other={"image": f"{app.repository}:1"})
    app.push()
    other = identity(app, "other")
    refused = f"! {app.name}: Docker does not start app by the old containers (failed to "
    old = leave_a_folder(app)
    said = app.push()
    assert refused in said
    assert f"{app.name} is live: " in said
    assert identity(app) != old
    leave_a_folder(app)
    assert refused in app.push("--back")
    assert identity(app, "other") == other, "what Docker can start stays"
    app.image("two")  # pulled by somebody, and not wanted by a restart
    app.vps.run(f"docker pull -q {app.repository}:1")
    spoil(app)
    said = app.script("restart")
    assert f"! {app.name}: Docker does not start app by the old containers (open /var/lib/docker/" in said
    assert app.page() == "one"
    app.image("two", "exit 8", Healthcheck=NO_CHECK)
    app.push(code=1)
    leave_a_folder(app)
    said = app.push("--force", code=1)
    assert "exit code 8" in said
    assert said.splitlines()[-1].startswith(f"{app.name} is as it was: ")
    assert app.page() == "one"


@pytest.mark.in_turns("two at once")
@pytest.mark.fault("two pushes of containers at once")
def test_two_pushes_at_once(new_composition):
    app = new_composition()
    app.push()
    app.image("two", "sleep 2; exec httpd -f -p 80 -h /www")
    first = started(app.vps, f"/usr/local/lib/deploy/bin/push {app.name} --by ada")
    until(app.vps, f"[ -s /srv/deploy/{app.name}/work/holder ]")
    output = app.push("--by bob")
    assert f"! {app.name} is locked by ada since " in output
    assert f"{app.name} is already up to date" in output
    assert f"{app.name} is live" in first.communicate()[0]
    assert app.page() == "two"


@pytest.mark.in_turns("two at once")
@pytest.mark.fault("two updates at once")
def test_two_updates_at_once(new_composition):
    app = new_composition()
    app.push()
    app.image("two", "sleep 2; exec httpd -f -p 80 -h /www")
    first = started(app.vps, f"/usr/local/lib/deploy/bin/update {app.name}")
    until_locked(app.vps, "/var/lib/deploy/update.lock")
    assert app.vps.run("stat -c %a /var/lib/deploy/update.lock").stdout == "600\n", "nobody else can hold it"
    output = app.script("update")
    assert "! another update is running: waiting" in output
    assert f"{app.name} is already up to date" in output
    assert f"{app.name} is live" in first.communicate()[0]
    assert app.page() == "two"


@pytest.mark.in_turns("Docker fails")
@pytest.mark.fault("the disk is full while an image is pulled")
def test_the_disk_is_full_while_pulling(new_composition):
    app = new_composition()
    big = f"{app.repository}-big"
    app.image("big", name=big, megabytes=90)
    app.vps.run("systemctl stop docker.socket docker")
    app.vps.mount_small("/var/lib/docker", megabytes=160)
    app.vps.run("systemctl start docker")
    try:
        app.push()
        app.write(app=app.once(image=f"{big}:1"))
        output = app.fails()
        assert f"✗ pull: the disk is full: {big}:1 does not fit on /var/lib/docker" in output
        app.vps.run("fallocate -l 80M /var/lib/docker/fill")
        output = app.fails()
        assert "✗ pull: not enough space on /var/lib/docker: " in output
    finally:
        app.vps.run(
            f"docker rm -f {app.project}-app-1; systemctl stop docker.socket docker; umount /var/lib/docker"
        )
        app.vps.run("systemctl start docker")


def test_rollback_and_what_it_means_later(new_composition):
    app = new_composition()
    app.push()
    one = app.running()
    assert "there are no earlier images" in app.script("rollback", code=1)
    app.image("two")
    app.push()
    assert "is live" in app.script("rollback", "--by ada")
    assert app.page() == "one"
    assert app.running() == one
    app.vps.run(f"cd /opt/{app.name} && docker compose up -d 2>&1")
    assert app.page() == "one"
    assert "stays: its newer image was not well here" in app.script("update")
    assert app.page() == "one"
    releases = json.loads(app.script("releases", "--json"))
    assert [(each["live"], each["previous"]) for each in releases] == [(False, True), (True, False)]
    assert releases[1]["images"] == [{"service": "app", "image": f"{app.repository}:1", "id": one["app"]}]
    app.script("rollback")
    assert app.page() == "two"
    app.script("rollback", f"--to {releases[1]['release']}")
    assert app.page() == "one"
    app.push()
    assert app.page() == "two"

    # one that is given up leaves every tag
    before = app.running()
    app.vps.run("systemctl stop nginx")
    try:
        output = app.script("rollback", code=1)
    finally:
        app.vps.run("systemctl start nginx")
    assert "NGINX does not answer" in output
    tag = app.vps.run(f"docker image inspect --format '{{{{.Id}}}}' {app.repository}:1").stdout
    assert tag.split() == [before["app"]]
    app.push("--missing")
    assert app.page() == "two"


@pytest.mark.in_turns("images")
def test_a_rollback_to_what_is_no_longer_well(new_composition):
    app = new_composition()
    app.write(app=app.once(volumes=["data:/data"]))
    file = json.loads((app.directory / "docker-compose.yml").read_text())
    (app.directory / "docker-compose.yml").write_text(json.dumps(file | {"volumes": {"data": {}}}))
    app.image("one", "[ ! -e /data/migrated ] || exit 6; exec httpd -f -p 80 -h /www")
    app.push()
    app.image("two", "touch /data/migrated; exec httpd -f -p 80 -h /www")
    app.push()
    output = app.script("rollback", code=1)
    assert "exit code 6" in output
    assert app.page() == "two"
    assert output.splitlines()[-1].startswith(f"{app.name} is as it was: ")


@pytest.mark.in_turns("images")
def test_prune_keeps_live_and_previous_and_every_volume(new_composition):
    app = new_composition("")
    app.write(app=app.once())
    app.vps.run(f"docker volume create {app.project}_lonely")
    ids = []
    for page in ("one", "two", "three"):
        ids.append(app.image(page))
        app.push()
    assert images(app) == set(ids[1:])
    app.image("bad", "exit 3")
    app.fails()
    assert images(app) == set(ids[1:])
    app.vps.run("docker image prune --force")
    app.script("rollback")
    assert app.page() == "two"
    assert app.vps.run(f"docker volume ls -q --filter name={app.project}_lonely").stdout


@pytest.mark.in_turns("images")
def test_an_image_that_two_compositions_share(new_composition):
    first, second = new_composition(), new_composition()
    second.write(app={"image": f"{first.repository}:1", "ports": [f"127.0.0.1:{second.port}:80"]})
    first.push()
    second.push()
    for page in ("two", "three"):
        first.image(page)
        first.push()
    assert second.page() == "one"
    assert second.running()
    first.script("down")
    assert second.page() == "one"
    second.push()
    assert second.page() == "three"


@pytest.mark.in_turns("images")
def test_a_registry_that_wants_a_password(new_composition):
    app = new_composition()
    app.push()
    with password_wanted(app.vps, "ada", 'hu:sh"x'):
        output = app.fails()
        assert "is here, and whether 127.0.0.1:5000 has a newer one cannot be known: " in output
        app.vps.run("docker login --username ada --password-stdin 127.0.0.1:5000 2>&1", input='hu:sh"x')
        assert "already up to date" in app.push()
        app.registry_password = ("ada", 'hu:sh"x')
        app.image("two")
        # as its timer does, without a session: a password that nobody finds would leave the age unknown
        update = (
            f"systemd-run --quiet --pipe --wait /usr/local/lib/deploy/bin/update {app.name} --cooldown 3600"
        )
        assert "its newer image is 0 min old" in app.vps.run(update, check=False).stdout
        assert app.page() == "one"
        app.push()
        assert app.page() == "two"
    app.vps.run("docker logout 127.0.0.1:5000")
