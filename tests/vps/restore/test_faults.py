"""Archives that are no good, disks that are full, and restores that are killed: what was there is there."""

import json

import pytest

from chance import chance
from vps.restore.byhand import Archive, define, restore, state
from vps.restore.crafted import Crafted
from vps.restore.service import die, everything, files_and_a_volume
from vps.services.lost import spoil
from vps.waiting import started

pytestmark = pytest.mark.in_turns("faults", of="modules")

STAGES = {
    "while it is unpacked": ("lib/restore/receive", '    wait "$CHILD" || code=$?\n'),
    "when it lies beside": ("bin/restore", "    runner_make_way\n"),
    "when it is stopped": ("bin/restore", "    step files\n"),
    "between two renames": ("lib/restore/exchange", '    if exists "$2"; then careful move'),
    "when all has changed places": ("bin/restore", "    runner_bring_up\n"),
    "while it comes up": ("lib/runner/compose", "    served || blame_answer\n    remember_live\n"),
    "just before it counts": ("lib/restore/exchange", '    mv -T "$PART/journal" "$KEPT/$MOMENT"\n'),
}


def nothing_left(app) -> bool:
    """No folder has anything of a restore, besides the empty one for what is put aside."""
    volumes = f"/var/lib/docker/volumes/{app.project}_*"
    app.vps.run(f"rmdir /srv/deploy/{app.name}/restored", check=False)
    found = app.vps.run(f"find /opt/{app.name}* {volumes} /srv/deploy/{app.name} -name '*restor*'").stdout
    return found == "" and sorted(p.name for p in app.place.iterdir()) == ["images", "lock", "made-live"]


def second(app) -> None:
    (app.directory / "www/index.html").write_text("second\n")
    app.vps.run(f"echo new >/var/lib/docker/volumes/{app.project}_data/_data/new")


def by_a_push(app) -> None:
    assert "! a restore of" in app.push()


def by_the_next_start(app) -> None:
    app.vps.run(f"docker stop $(docker ps -q --filter label=com.docker.compose.project={app.project}); true")
    app.vps.run("/usr/local/lib/deploy/bin/resume")


def though_it_is_killed_twice_again(app) -> None:
    for place in ('    move "$2" "$1" && remove "$came_in"\n', '    : >"$PART/journal"\n    runner_bring'):
        die_back(app, place)
    app.script("restore", "--back")


HEALED = {
    "when all has changed places": by_the_next_start,
    "while it comes up": though_it_is_killed_twice_again,
}


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a restore is killed at a stage", rounds=len(STAGES))
@pytest.mark.fault("a power failure cuts a restore off")
@pytest.mark.fault("a restore is killed, and killed again while it is undone", rounds=2)
@pytest.mark.fault("a restore is killed and done again")
def test_killed_at_each_stage_and_healed(given):
    """By the next push; or by the next start, by another attempt to undo it, and by the next restore."""
    app, archive = given
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    before = everything(app, archive)
    for stage, (part, line) in STAGES.items():
        die(app, tar, part, line)
        HEALED.get(stage, by_a_push)(app)
        assert everything(app, archive) == before, stage
        assert app.page() == "second", stage
        assert nothing_left(app), stage
    die(app, tar, *STAGES["when all has changed places"])
    output = restore(app.vps, app.name, tar)
    assert "what was there before it is put back" in output
    assert everything(app, archive) == wanted
    assert app.page() == "first"


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("Docker stops in the middle of a restore")
def test_docker_stops_and_what_was_there_waits_for_it(given):
    app, archive = given
    tar = archive.make(app.vps)
    second(app)
    before = everything(app, archive)
    stop = "systemctl stop docker.socket docker"
    output = die(app, tar, *STAGES["when all has changed places"], how=stop, code=1)
    app.vps.run("systemctl start docker.socket docker")
    assert "run this again when that is mended: " in output
    assert not (app.place / "work").exists()
    app.script("restore", "--back")
    assert everything(app, archive) == before
    assert app.page() == "second"
    assert nothing_left(app)


def die_back(app, before: str) -> None:
    app.vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = app.vps.root / "root/dying/lib/restore/exchange"
    assert script.read_text().count(before) == 1
    script.write_text(script.read_text().replace(before, "    kill -9 $$\n" + before))
    done = app.vps.run(f"/root/dying/bin/restore {app.name} --back; echo ended with $?", check=False)
    assert done.stdout.endswith("ended with 137\n"), done.stdout


@pytest.mark.in_turns("killed")
@pytest.mark.fault("a restore is killed at a moment", rounds=3)
def test_killed_at_any_moment(given):
    app, archive = given
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    changed = everything(app, archive)
    for moment in sorted(chance.sample(range(1, 10), 3)):
        app.vps.run(
            f"timeout -s KILL 0.{moment}5 /usr/local/lib/deploy/bin/restore {app.name} <{tar}", check=False
        )
        app.push()
        assert everything(app, archive) in (changed, wanted)
        assert app.page() in ("first", "second")
        assert not (app.place / "restore.part").exists()


REFUSED = {
    "another": ("it is an archive of other.example.org", lambda a: a.begin.update(name="other.example.org")),
    "format": ("its format 2 is not known here", lambda a: a.begin.update(format=2)),
    "count": ("members before its end, and should have 3", lambda a: a.end.update(members=3)),
    "system": ("/etc is not restored as a whole", lambda a: a.begin.update(paths=["/etc"])),
    "climbs": ("it has the path '/opt/../etc'", lambda a: a.begin.update(paths=["/opt/../etc"])),
}


def test_archives_that_are_refused(given):
    app, archive = given
    before, running = everything(app, archive), app.running()
    for words, change in REFUSED.values():
        wrong = Archive(app.name, archive.paths, archive.volumes)
        change(wrong)
        output = restore(app.vps, app.name, wrong.make(app.vps), code=1)
        assert words in output
        assert "✓ stop" not in output
    tar = archive.make(app.vps)
    vps = app.vps
    vps.run(
        f"head -c 100000 {tar} >/root/cut.tar; head -c -3000 {tar} >/root/noend.tar; echo hello >/root/text.tar; : >/root/empty.tar"
    )
    assert "did not arrive whole, or is damaged" in restore(vps, app.name, "/root/cut.tar", code=1)
    assert "✗ receive: " in restore(vps, app.name, "/root/noend.tar", code=1)
    assert "✗ receive: " in restore(vps, app.name, "/root/text.tar", code=1)
    assert "✗ receive: " in restore(vps, app.name, "/root/empty.tar", code=1)
    vps.run("cd /root; mkdir -p other; echo x >other/x; tar -cf other.tar other")
    assert "it is no archive of a backup" in restore(vps, app.name, "/root/other.tar", code=1)
    assert (everything(app, archive), app.running()) == (before, running)
    assert nothing_left(app)


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("the disk is full before a restore")
def test_too_little_space(given):
    app, archive = given
    tar = archive.make(app.vps)
    before, running = everything(app, archive), app.running()
    output = restore(app.vps, app.name, tar, "--size 99999999999999", code=1)
    assert "not enough space on /srv/deploy" in output
    archive.paths = (*archive.paths, f"/opt/{app.name}/big")
    app.vps.run(f"head -c 180M /dev/zero >/opt/{app.name}/big; echo x >>/opt/{app.name}/big")
    tar = archive.make(app.vps)
    app.vps.run(f"rm /opt/{app.name}/big; mv /srv/deploy/{app.name} /root/kept; true")
    app.vps.mount_small("/srv/deploy", 230)
    app.vps.run(f"cp -a /root/kept /srv/deploy/{app.name}")
    try:
        output = restore(app.vps, app.name, tar, code=1)
        assert "not enough space on /srv/deploy" in output or "the disk is full" in output
        assert app.vps.run(f"ls /srv/deploy/{app.name}").stdout.split() == ["images", "lock", "made-live"]
    finally:
        app.vps.run(f"umount /srv/deploy; mv /root/kept /srv/deploy/{app.name}")
    archive.paths = archive.paths[:-1]
    assert (everything(app, archive), app.running()) == (before, running)


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("a container does not stop for a restore")
def test_a_container_that_refuses_to_stop(new_composition):
    ignores = ["sh", "-c", "trap : TERM; httpd -p 80 -h /www; while :; do sleep 1; done"]
    stubborn = {"command": ignores, "stop_signal": "SIGTERM", "stop_grace_period": "2s"}
    app, archive = files_and_a_volume(new_composition, **stubborn)
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    restore(app.vps, app.name, tar)
    assert everything(app, archive) == wanted
    assert app.page() == "first"


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("two restores at once")
def test_two_restores_at_once(given):
    app, archive = given
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    first = started(app.vps, f"/usr/local/lib/deploy/bin/restore {app.name} --by ada <{tar}")
    output = restore(app.vps, app.name, tar, "--by bob")
    assert "is restored to" in first.communicate()[0]
    assert "is restored to" in output
    assert everything(app, archive) == wanted
    assert state(app.vps, f"/opt/{app.name}/www")


@pytest.mark.in_turns("killed")
@pytest.mark.fault("the restore of a folder is killed")
def test_a_folder_whose_restore_was_killed(vps, tmp_path):
    vps.run("mkdir -p /srv/letters; echo one >/srv/letters/a; ln -s a /srv/letters/b")
    archive = Archive("letters", ("/srv/letters",), begin={"kind": "folder"})
    define(vps, archive, "folder")
    tar = archive.make(vps)
    wanted = state(vps, "/srv/letters")
    vps.run("echo two >/srv/letters/a")
    changed = state(vps, "/srv/letters")
    vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = vps.root / "root/dying/bin/restore"
    text = script.read_text().replace("    keep_aside\n", "    kill -9 $$\n", 1)
    script.write_text(text)
    assert (
        "ended with 137"
        in vps.run(f"{script_path(script, vps)} letters <{tar}; echo ended with $?", check=False).stdout
    )
    assert state(vps, "/srv/letters") == wanted
    output = vps.run("/usr/local/lib/deploy/bin/restore letters --back").stdout
    assert "what was there before it is put back" in output
    assert state(vps, "/srv/letters") == changed
    vps.run(f"{script_path(script, vps)} letters <{tar}", check=False)
    assert "letters is restored to" in restore(vps, "letters", tar)
    assert state(vps, "/srv/letters") == wanted


def script_path(script, vps) -> str:
    return "/" + str(script.relative_to(vps.root))


@pytest.mark.in_turns("in the way")
def test_a_port_that_another_process_has_is_named(given):
    app, archive = given
    tar = archive.make(app.vps)
    app.vps.run(f"cd /opt/{app.name} && docker compose kill 2>&1")
    app.vps.run(
        f"systemd-run --quiet --unit=squatter systemd-socket-activate --listen=127.0.0.1:{app.port} cat"
    )
    try:
        output = restore(app.vps, app.name, tar, code=1)
    finally:
        app.vps.run("systemctl stop squatter")
    assert f"port {app.port} is taken" in output
    assert "address already in use" in output
    assert "exit code 137" not in output


SWAPPED = 6  # rounds
SYSTEM = ("/etc/cron.d", "/etc/ssh", "/etc/passwd", "/root/.ssh")
"""What a crafted archive is after; each round looks whether all of it is as it was."""


@pytest.mark.fault("a crafted archive of a folder", rounds=11)
def test_a_folder_from_a_crafted_archive(vps):
    """Whoever has the public key can write an archive: what is its place, sites.yaml says and not it."""
    vps.run("mkdir -p /srv/diary; echo mine >/srv/diary/a; rm -rf /srv/diary.*")
    define(vps, Archive("diary", ("/srv/diary", "/srv/cards/ssh")), "folder")
    before = state(vps, "/srv/diary", *SYSTEM)
    root = "* * * * * root touch /root/owned"

    def crafted(**begin):
        return Crafted(vps, "diary", **({"kind": "folder", "paths": ["/srv/diary"]} | begin))

    cron = crafted(paths=["/etc/cron.d"]).file("etc/cron.d/evil", root)
    assert "✗ archive: it has /etc/cron.d, and sites.yaml does not save it" in cron.plan()
    link = "is a link to '/etc' in the archive"
    for archive, words in (
        (cron, "it has /etc/cron.d, and sites.yaml does not save it"),
        (crafted(paths=["/srv/diary/.."]), "it has the path '/srv/diary/..'"),
        (
            crafted(kind="compose").file("srv/diary/a"),
            "it is one of compose, and sites.yaml has diary as folder",
        ),
        (crafted(dump=True, load="touch /root/owned", service="db").file("srv/diary/a"), "it has a dump"),
        (crafted(volumes={"data": "/etc/ssh"}).file("srv/diary/a"), "it has the volume data"),
        (crafted(), "it names /srv/diary, and has nothing of it"),
        (crafted().link("srv/diary", "/etc"), link),
        (crafted(paths=["/srv/cards/ssh"]).link("srv/cards", "/etc"), "/srv/cards is no folder of its own"),
        (crafted().file("srv/diary/a").file("srv/deploy/diary/backup/begin.json", "{}"), "begin.json twice"),
        (crafted().link("srv/deploy/diary/backup/begin.json", "/etc/shadow"), "begin.json twice"),
    ):
        assert words in restore(vps, "diary", archive.make(), code=1)
        assert state(vps, "/srv/diary", *SYSTEM) == before, words
    vps.run("mkdir -p /srv/owned; chown 4711 /srv/owned; ln -s /etc /srv/owned/cards; rm -rf /srv/cards")
    define(vps, Archive("diary", ("/srv/owned/cards/ssh",)), "folder")
    there = crafted(paths=["/srv/owned/cards/ssh"]).file("srv/owned/cards/ssh/a").make()
    assert "/srv/owned/cards is no folder of its own" in restore(vps, "diary", there, code=1)
    assert state(vps, "/srv/diary", *SYSTEM) == before
    assert vps.run("ls /srv/deploy/diary").stdout.split() == ["lock"]


SWAP = """
import ctypes, os
libc = ctypes.CDLL(None)
os.chdir("/srv/shared")
while True:
    libc.renameat2(-100, b"cards", -100, b"link", 2)
"""


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("a folder is swapped for a link during a restore", rounds=SWAPPED)
def test_a_folder_that_somebody_swaps_for_a_link_meanwhile(vps):
    """Who owns a folder above can exchange the next one for a link at any moment: root never goes along."""
    vps.run(
        "mkdir -p /srv/shared/cards/ssh; echo mine >/srv/shared/cards/ssh/a; ln -s /etc /srv/shared/link;"
        " chown -Rh 4711 /srv/shared"
    )
    define(vps, Archive("cards", ("/srv/shared/cards/ssh",)), "folder")
    tar = Archive("cards", ("/srv/shared/cards/ssh",), begin={"kind": "folder"}).make(vps)
    before = state(vps, *SYSTEM)
    (vps.root / "root/swap.py").write_text(SWAP)
    vps.run(
        "chmod 755 /root; systemd-run --quiet --unit=swap setpriv --reuid 4711 --clear-groups python3 /root/swap.py"
    )
    try:
        vps.run("cd /srv/shared; until [ -L cards ]; do :; done; until [ ! -L cards ]; do :; done")
        for _ in range(SWAPPED):
            vps.run(f"/usr/local/lib/deploy/bin/restore cards <{tar} >/dev/null 2>&1", check=False)
            assert state(vps, *SYSTEM) == before
            assert vps.run("ls -d /etc/*restor*", check=False).stdout == ""
    finally:
        vps.run("systemctl stop swap; chmod 700 /root")
    vps.run("cd /srv/shared; if [ -L cards ]; then mv -T cards c && mv -T link cards && mv -T c link; fi")
    vps.run("sleep 1")  # what the last one could not reach any more has its second in its name
    restore(vps, "cards", tar)
    assert vps.run("cat /srv/shared/cards/ssh/a").stdout == "mine\n"


@pytest.mark.fault("a crafted archive of a service", rounds=16)
def test_a_service_from_a_crafted_archive(given):
    app, archive = given
    vps, folder, data = app.vps, f"/opt/{app.name}", f"{app.project}_data"
    before, running = state(vps, *SYSTEM), app.running()
    was = everything(app, archive)

    def crafted(**begin):
        return Crafted(vps, app.name, **begin)

    # bash reads a name between brackets once more, and runs what is in it, where it is to be unset
    run = crafted(project="old", volumes={"old_$(touch /etc/cron.d/owned)": "/v"}).file("v/x")
    assert f"it has the volume {app.project}_$(touch" in run.plan()
    www = {"paths": [f"{folder}/www"]}
    for wrong, words in (
        (run, f"it has the volume {app.project}_$(touch"),
        (crafted(paths=[f"{folder}/ssh"]).link(folder, "/etc"), f"{folder} is no folder of its own"),
        (crafted(paths=[f"{folder}/www"]).link(f"{folder}/www", "/etc"), f"{folder}/www is a link to '/etc'"),
        (crafted(paths=["/opt"]).file("opt/x"), "/opt is not restored as a whole"),
        (crafted(paths=["/etc/ssh"]).file("etc/ssh/x"), "it has /etc/ssh, and sites.yaml does not save it"),
        (crafted(volumes={data: "/../../../../../etc/ssh"}), "is no folder"),
        (crafted(volumes={data: "/v"}).link("v", "/etc"), "is no folder"),
        (
            crafted(volumes={"other": "/v"}).file("v/x"),
            "it has the volume other, and sites.yaml does not give",
        ),
        (crafted(volumes={"--help": "/v"}).file("v/x"), "it has the volume --help"),
        (
            crafted(dump=True, load="touch /root/owned", service="app", **www),
            "it has a dump, and sites.yaml has none",
        ),
        (
            crafted(paths=[f"{folder}/.env"]).file(f"{folder}/.env", "COMPOSE_FILE=www/x.yml"),
            "its .env has COMPOSE_FILE",
        ),
        *(  # as Docker Compose reads it, too
            (
                crafted(paths=[f"{folder}/.env"]).file(f"{folder}/.env", text),
                "its .env has DOCKER_HOST",
            )
            for text in (
                "DOCKER_HOST: tcp://192.0.2.1",
                "A='x' DOCKER_HOST=x",
                "A=\u00a0'\nB=' DOCKER_HOST=x '",
            )
        ),
        (
            crafted(paths=[f"{folder}/.env"]).link(f"{folder}/.env", "/etc/shadow"),
            "its .env is no file",
        ),
    ):
        output = restore(vps, app.name, wrong.make(), code=1)
        assert words in output
        assert "▸ stop" not in output
        assert state(vps, *SYSTEM) == before, words
    assert (everything(app, archive), app.running()) == (was, running)

    evil = json.dumps({"services": {"app": {"image": f"{app.repository}:1", "volumes": ["/:/host"]}}})
    good = crafted(paths=[f"{folder}/docker-compose.yml", f"{folder}/www"])
    good.file(f"{folder}/docker-compose.yml", evil).file(f"{folder}/www/index.html", "crafted\n")
    assert f"leaves {folder}/docker-compose.yml as it is: sites.yaml says what is in it" in good.plan()
    compose = (app.directory / "docker-compose.yml").read_text()
    restore(vps, app.name, good.make())
    assert (app.directory / "docker-compose.yml").read_text() == compose
    assert app.page() == "crafted"
    assert '"/host"' not in vps.run(f"docker inspect {app.project}-app-1").stdout


def test_what_sites_yaml_wrote_stays_and_what_it_names_is_no_link(given):
    """Of a folder that is saved whole, files that apply wrote are as they are now, so that a plan finds nothing."""
    app, _ = given
    vps, folder = app.vps, f"/opt/{app.name}"
    whole = Archive(app.name, (folder,))
    app.configure(GIVEN="TAG")
    (app.directory / ".env").write_text("PASSWORD='then'\nTAG='old'\n")
    (app.directory / "www/app.conf").write_text("then\n")
    tar = whole.make(vps)
    define(vps, whole)
    (app.directory / ".env").write_text("PASSWORD='now'\nTAG='new'\nLATER='x'\n")
    (app.directory / "www/app.conf").write_text("now\n")
    (app.directory / "www/index.html").write_text("now\n")
    vps.run(f"mkdir -p /var/lib/deploy; sha256sum {folder}/www/app.conf >/var/lib/deploy/manifest")
    try:
        output = restore(vps, app.name, tar)
        assert f"{folder}/www/app.conf stays as it is: sites.yaml says what is in it" in output
        assert (app.directory / "www/app.conf").read_text() == "now\n"
        assert (app.directory / ".env").read_text() == "PASSWORD='then'\nTAG='new'\nLATER='x'\n"
        assert app.page() == "first"
        linked = Crafted(vps, app.name, paths=[folder]).link(f"{folder}/www", "/etc").make()
        said = f"{folder}/www is a link to '/etc' in the archive"
        refused = restore(vps, app.name, linked, code=1)
        assert said in refused or f"{folder}/www is no folder of its own" in refused
    finally:
        vps.run("rm /var/lib/deploy/manifest")


@pytest.mark.in_turns("in the way")
def test_who_else_has_it_mounted_is_stopped_meanwhile(given):
    """Renamed under a running container, a volume of two is written to where the next restore deletes."""
    app, archive = given
    vps, volume = app.vps, f"{app.project}_data"
    place = archive.volumes[volume]
    write = "while :; do echo x >>/shared/other; sleep 0.1; done"
    vps.run(
        f"docker run -d --init --name other-{app.project} -v {volume}:/shared {app.repository}:1 sh -c '{write}'"
    )
    try:
        vps.run(f"until [ -s {place}/other ]; do sleep 0.1; done")
        tar = archive.make(vps)
        vps.run(f"rm {place}/hard")
        plan = Crafted(vps, app.name, paths=list(archive.paths), volumes=archive.volumes).plan()
        assert f"stops meanwhile, for it has mounted the same: other-{app.project}" in plan
        output = restore(vps, app.name, tar)
        (aside,) = [line.split()[-1] for line in output.splitlines() if "_data.before-restore" in line]
        ended = vps.run(f"stat -c %s {aside}/other").stdout
        vps.run(
            f"size=$(stat -c %s {place}/other); until [ $(stat -c %s {place}/other) -gt $size ]; do sleep 0.1; done"
        )
        assert vps.run(f"stat -c %s {aside}/other; ls {place}/hard").stdout == f"{ended}{place}/hard\n"
        die(app, tar, *STAGES["when all has changed places"])
        assert vps.run(f"docker ps -q -f name=other-{app.project}").stdout == ""
        app.script("restore", "--back")
        assert vps.run(f"docker ps -q -f name=other-{app.project}").stdout != ""
        broken = Archive(app.name, archive.paths, archive.volumes, end={"members": 3}).make(vps)
        restore(vps, app.name, broken, code=1)
        assert vps.run(f"docker ps -q -f name=other-{app.project}").stdout != ""
    finally:
        vps.run(f"docker rm -f other-{app.project}", check=False)


@pytest.mark.in_turns("in the way")
@pytest.mark.fault("Docker refuses to start another service that a restore has stopped")
def test_who_else_docker_does_not_start_after_a_restore_is_made_anew(given, new_composition):
    app, archive = given
    other = new_composition()
    volume = {"data": {"name": f"{app.project}_data", "external": True}}
    file = json.loads((other.directory / "docker-compose.yml").read_text())
    file["services"]["app"]["volumes"] = ["data:/data"]
    (other.directory / "docker-compose.yml").write_text(json.dumps(file | {"volumes": volume}))
    other.push()
    spoil(other)
    output = restore(app.vps, app.name, archive.make(app.vps))
    assert f"! {other.name}: Docker does not start app by the old containers (" in output
    assert (app.page(), other.page()) == ("first", "one")


def test_a_service_that_apply_left_out_is_no_folder(given):
    """Its backup script is there, and nothing else of it: a dump would come back as files that nobody loads."""
    app, archive = given
    tar = archive.make(app.vps)
    (app.vps.root / "etc/deploy/sites" / f"{app.name}.conf").unlink()
    try:
        output = restore(app.vps, app.name, tar, code=69)
    finally:
        app.configure()
    assert f"{app.name} is not on this server yet: run deploy apply {app.name}" in output
    assert app.page() == "first"
