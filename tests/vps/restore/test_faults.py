"""Archives that are no good, disks that are full, and restores that are killed: what was there is there."""

import subprocess

import pytest

from vps.restore.byhand import Archive, restore, state
from vps.restore.databases import EVERYTHING
from vps.restore.service import ask, everything, files_and_a_volume, with_database

STAGES = {
    "while it is unpacked": ("receive", '    wait "$CHILD" || code=$?\n'),
    "when it is unpacked": ("restore", "    bring_near\n"),
    "when it lies beside": ("restore", "    stop_service\n"),
    "when it is stopped": ("restore", "    step files\n    change_places\n    done_step\n    if [["),
    "between two renames": ("places", '    if exists "$2"; then mv -T'),
    "when all has changed places": ("restore", "    start_service\n"),
    "while it comes up": ("containers", "    served || blame_answer\n    remember_live\n"),
    "just before it counts": ("places", '    mv -T "$PART/journal" "$KEPT/$MOMENT"\n'),
}
AFTER = {
    "database": ("load", "    empty_database\n"),
    "loading": ("load", "    if ((code != 0)); then\n        tail -n 20"),
}


def die(app, archive: str, part: str, before: str) -> None:
    """Run the real restore, which kills itself before that line."""
    app.vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = app.vps.root / "root/dying" / part
    assert script.read_text().count(before) == 1
    script.write_text(script.read_text().replace(before, "    kill -9 $$\n" + before))
    app.vps.run("sed -i 's|/usr/local/lib/deploy/$part|/root/dying/$part|' /root/dying/restore")
    done = app.vps.run(f"/root/dying/restore {app.name} <{archive}; echo ended with $?", check=False)
    assert done.stdout.endswith("ended with 137\n"), done.stdout


def nothing_left(app) -> bool:
    """No folder has anything of a restore, besides the empty one for what is put aside."""
    volumes = f"/var/lib/docker/volumes/{app.project}_*"
    app.vps.run(f"rmdir /srv/deploy/{app.name}/restored", check=False)
    found = app.vps.run(f"find /opt/{app.name}* {volumes} /srv/deploy/{app.name} -name '*restor*'").stdout
    return found == "" and sorted(p.name for p in app.place.iterdir()) == ["images", "lock"]


def second(app) -> None:
    (app.directory / "www/index.html").write_text("second\n")
    app.vps.run(f"echo new >/var/lib/docker/volumes/{app.project}_data/_data/new")


@pytest.mark.fault("a restore is killed at a stage", rounds=len(STAGES))
def test_killed_at_each_stage_and_healed_by_a_push(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    second(app)
    before = everything(app, archive)
    for stage, (part, line) in STAGES.items():
        die(app, tar, part, line)
        output = app.push()
        assert "! a restore of" in output, stage
        assert everything(app, archive) == before, stage
        assert app.page() == "second", stage
        assert nothing_left(app), stage


@pytest.mark.fault("a restore is killed and done again")
def test_killed_and_restored_again(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    die(app, tar, *STAGES["when all has changed places"])
    output = restore(app.vps, app.name, tar)
    assert "what was there before it is put back" in output
    assert everything(app, archive) == wanted
    assert app.page() == "first"


@pytest.mark.fault("a restore is killed, and killed again while it is undone", rounds=2)
def test_killed_twice_also_while_it_puts_back(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    second(app)
    before = everything(app, archive)
    die(app, tar, *STAGES["when all has changed places"])
    for place in ('    mv -T "$2" "$1" && rm -rf "$came_in"\n', '    : >"$PART/journal"\n    if [['):
        die_back(app, place)
    app.script("restore", "--back")
    assert everything(app, archive) == before
    assert app.page() == "second"
    assert nothing_left(app)


def die_back(app, before: str) -> None:
    app.vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = app.vps.root / "root/dying/places"
    assert script.read_text().count(before) == 1
    script.write_text(script.read_text().replace(before, "    kill -9 $$\n" + before))
    app.vps.run("sed -i 's|/usr/local/lib/deploy/$part|/root/dying/$part|' /root/dying/restore")
    done = app.vps.run(f"/root/dying/restore {app.name} --back; echo ended with $?", check=False)
    assert done.stdout.endswith("ended with 137\n"), done.stdout


@pytest.mark.fault("a restore is killed at a moment", rounds=9)
def test_killed_at_any_moment(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    changed = everything(app, archive)
    for moment in range(1, 10):
        app.vps.run(
            f"timeout -s KILL 0.{moment}5 /usr/local/lib/deploy/restore {app.name} <{tar}", check=False
        )
        app.push()
        assert everything(app, archive) in (changed, wanted)
        assert app.page() in ("first", "second")
        assert not (app.place / "restore.part").exists()


@pytest.mark.parametrize("kind", ["postgres"])
@pytest.mark.fault("a restore is killed around the load of a database", rounds=len(AFTER))
def test_killed_around_the_database(images, new_composition, kind):
    app, archive = with_database(new_composition, kind)
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id = 3;")
    before = ask(app, kind, EVERYTHING)
    for part, line in AFTER.values():
        die(app, tar, part, line)
        assert "! a restore of" in app.push()
        app.vps.run(f"cd /opt/{app.name} && docker compose up -d --wait db 2>&1")
        assert ask(app, kind, EVERYTHING) == before


REFUSED = {
    "another": ("it is an archive of other.example.org", lambda a: a.begin.update(name="other.example.org")),
    "format": ("its format 2 is not known here", lambda a: a.begin.update(format=2)),
    "count": ("members before its end, and should have 3", lambda a: a.end.update(members=3)),
    "system": ("/etc is not restored as a whole", lambda a: a.begin.update(paths=["/etc"])),
    "climbs": ("it has the path '/opt/../etc'", lambda a: a.begin.update(paths=["/opt/../etc"])),
}


def test_archives_that_are_refused(new_composition):
    app, archive = files_and_a_volume(new_composition)
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


@pytest.mark.fault("the disk is full before a restore")
def test_too_little_space(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    before, running = everything(app, archive), app.running()
    output = restore(app.vps, app.name, tar, "--size 99999999999999", code=1)
    assert "not enough space on /srv/deploy" in output
    archive.paths = (*archive.paths, f"/opt/{app.name}/big")
    app.vps.run(f"head -c 400M /dev/zero >/opt/{app.name}/big; echo x >>/opt/{app.name}/big")
    tar = archive.make(app.vps)
    app.vps.run(f"rm /opt/{app.name}/big; mv /srv/deploy/{app.name} /root/kept; true")
    app.vps.mount_small("/srv/deploy", 350)
    app.vps.run(f"cp -a /root/kept /srv/deploy/{app.name}")
    try:
        output = restore(app.vps, app.name, tar, code=1)
        assert "not enough space on /srv/deploy" in output or "the disk is full" in output
        assert app.vps.run(f"ls /srv/deploy/{app.name}").stdout.split() == ["images", "lock"]
    finally:
        app.vps.run(f"umount /srv/deploy; mv /root/kept /srv/deploy/{app.name}")
    archive.paths = archive.paths[:-1]
    assert (everything(app, archive), app.running()) == (before, running)


@pytest.mark.fault("a container does not stop for a restore")
def test_a_container_that_refuses_to_stop(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    file = app.directory / "docker-compose.yml"
    stubborn = (
        '"command": ["sh", "-c", "trap : TERM; httpd -p 80 -h /www; while :; do sleep 1; done"], "restart"'
    )
    file.write_text(file.read_text().replace('"restart"', stubborn, 1).replace("SIGKILL", "SIGTERM"))
    app.push()
    restore(app.vps, app.name, tar)
    assert everything(app, archive) == wanted
    assert app.page() == "first"


@pytest.mark.fault("two restores at once")
def test_two_restores_at_once(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    wanted = everything(app, archive)
    second(app)
    command = f"/usr/local/lib/deploy/restore {app.name} --by ada <{tar}"
    argv = ["ssh", "-F", "none", "-i", str(app.vps.key), "-o", f"UserKnownHostsFile={app.vps.known_hosts}"]
    argv += [f"root@{app.vps.address}", command]
    first = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    output = restore(app.vps, app.name, tar, "--by bob")
    assert "is restored to" in first.communicate()[0]
    assert "is restored to" in output
    assert everything(app, archive) == wanted
    assert state(app.vps, f"/opt/{app.name}/www")


@pytest.mark.fault("the restore of a folder is killed")
def test_a_folder_whose_restore_was_killed(vps, tmp_path):
    (vps.root / "etc/deploy/backup/letters").write_text("#!/bin/bash\n")
    vps.run("mkdir -p /srv/letters; echo one >/srv/letters/a; ln -s a /srv/letters/b")
    tar = Archive("letters", ("/srv/letters",), begin={"kind": "folder"}).make(vps)
    wanted = state(vps, "/srv/letters")
    vps.run("echo two >/srv/letters/a")
    changed = state(vps, "/srv/letters")
    vps.run("rm -rf /root/dying; cp -r /usr/local/lib/deploy /root/dying")
    script = vps.root / "root/dying/restore"
    text = script.read_text().replace("    keep_aside\n", "    kill -9 $$\n", 1)
    script.write_text(text)
    assert (
        "ended with 137"
        in vps.run(f"{script_path(script, vps)} letters <{tar}; echo ended with $?", check=False).stdout
    )
    assert state(vps, "/srv/letters") == wanted
    output = vps.run("/usr/local/lib/deploy/restore letters --back").stdout
    assert "what was there before it is put back" in output
    assert state(vps, "/srv/letters") == changed
    vps.run(f"{script_path(script, vps)} letters <{tar}", check=False)
    assert "letters is restored to" in restore(vps, "letters", tar)
    assert state(vps, "/srv/letters") == wanted


def script_path(script, vps) -> str:
    return "/" + str(script.relative_to(vps.root))


def test_a_port_that_another_process_has_is_named(new_composition):
    app, archive = files_and_a_volume(new_composition)
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
