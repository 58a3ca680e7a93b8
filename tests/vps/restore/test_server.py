"""The server's own restore, fed with archives made by hand: what was backed up is back, byte for byte."""

import shlex

import pytest

from vps.restore.byhand import Archive, fill, restore, state
from vps.restore.databases import DUMP, EVERYTHING, until_it_stays
from vps.restore.service import ask, everything, files_and_a_volume, with_database


def folder(vps, name: str, *paths: str) -> Archive:
    (vps.root / "etc/deploy/backup" / name).write_text("#!/bin/bash\n")
    return Archive(name, paths, begin={"kind": "folder"})


def aside_of(output: str) -> list[str]:
    return [line.split()[-1] for line in output.splitlines() if "what was there before is" in line]


def test_a_folder_with_everything_that_a_file_system_can_have(vps):
    vps.run("echo 1 >/srv/single")
    fill(vps, "/srv/photos")
    archive = folder(vps, "photos", "/srv/photos", "/srv/single").make(vps)
    before = state(vps, "/srv/photos", "/srv/single")
    vps.run("cd /srv/photos; rm -r deep; echo changed >random; echo 2 >/srv/single; echo more >more")
    damaged = state(vps, "/srv/photos", "/srv/single")
    output = restore(vps, "photos", archive)
    assert state(vps, "/srv/photos", "/srv/single") == before
    assert "photos is restored to 2026-11-20T23:00:00Z" in output
    photos, single = aside_of(output)
    vps.run(f"cd /srv; mkdir r; mv photos single r; mv {photos} photos; mv {single} single")
    assert state(vps, "/srv/photos", "/srv/single") == damaged
    vps.run(f"cd /srv; mv photos {photos}; mv single {single}; mv r/* .; rmdir r")
    vps.run("/usr/local/lib/deploy/restore photos --forget")
    assert vps.run("ls -d /srv/*before* /srv/*restor*", check=False).stdout == ""
    assert state(vps, "/srv/photos", "/srv/single") == before


def test_a_folder_that_is_a_mount_point_and_one_that_is_not_there(vps):
    vps.run(
        "mkdir -p /srv/disk /srv/new/deep; mount -t tmpfs -o mode=750 tmpfs /srv/disk; echo x >/srv/new/deep/x"
    )
    fill(vps, "/srv/disk")
    archive = folder(vps, "disk", "/srv/disk", "/srv/new/deep").make(vps)
    vps.run("touch -d 2001-01-01 /srv/disk")
    before = state(vps, "/srv/disk", "/srv/new/deep")
    vps.run("cd /srv/disk; rm -r deep random; echo y >more; chmod 700 .; rm -r /srv/new")
    output = restore(vps, "disk", archive)
    (aside,) = aside_of(output)
    found = vps.run(
        f"cat {aside}/more; stat -c %a {aside}; ls {aside}/dangling; mountpoint -q /srv/disk", check=False
    )
    assert found.stdout.split()[:2] == ["y", "700"]
    vps.run("/usr/local/lib/deploy/restore disk --forget; touch -d 2001-01-01 /srv/disk")
    assert state(vps, "/srv/disk", "/srv/new/deep") == before
    vps.run("umount /srv/disk")


def test_a_service_with_files_and_a_volume(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    before = everything(app, archive)
    (app.directory / "www/index.html").write_text("second\n")
    (app.directory / ".env").write_text("PASSWORD='second'\n")
    app.vps.run(f"rm -rf {' '.join(archive.volumes.values())}/*")
    output = restore(app.vps, app.name, tar, "--by ada")
    assert everything(app, archive) == before
    assert app.page() == "first"
    assert "it was down for" in output
    assert len(aside_of(output)) == 4
    assert sorted(p.name for p in app.place.iterdir()) == ["images", "lock", "restored"]
    assert (app.log()["action"], app.log()["result"], app.log()["by"]) == ("restore", "live", "ada")
    again = restore(app.vps, app.name, tar)
    assert everything(app, archive) == before
    assert all(app.vps.run(f"ls -d {path}", check=False).returncode for path in aside_of(output))
    assert all(app.vps.run(f"ls -d {path}", check=False).returncode == 0 for path in aside_of(again))
    assert "already up to date" in app.push()


def test_a_service_that_is_not_well_with_what_was_restored(new_composition):
    app, archive = files_and_a_volume(new_composition)
    good = (app.directory / "docker-compose.yml").read_text()
    (app.directory / "docker-compose.yml").write_text(
        good.replace('"restart"', '"command": ["false"], "restart"')
    )
    tar = archive.make(app.vps)
    (app.directory / "docker-compose.yml").write_text(good)
    before, running = everything(app, archive), app.running()
    output = restore(app.vps, app.name, tar, code=1)
    assert "✗ up: app crashes again and again" in output
    assert "✓ back" in output
    assert (everything(app, archive), app.running(), app.page()) == (before, running, "first")
    assert sorted(p.name for p in app.place.iterdir()) == ["images", "lock"]
    assert app.vps.run(f"find /opt /var/lib/docker/volumes -name '*{app.name}*restor*'").stdout == ""


def test_nothing_of_it_is_there(new_composition):
    app, archive = files_and_a_volume(new_composition)
    tar = archive.make(app.vps)
    before = everything(app, archive)
    app.vps.run(
        f"cd /opt/{app.name} && docker compose down -v 2>&1; rm -r /opt/{app.name} /srv/deploy/{app.name}"
    )
    restore(app.vps, app.name, tar)
    assert everything(app, archive) == before
    assert app.page() == "first"
    warned = app.vps.run(f"cd /opt/{app.name} && docker compose up -d 2>&1").stdout
    assert "was not created by" not in warned


def test_a_service_that_was_stopped_is_stopped_again_when_it_fails(new_composition):
    app, archive = files_and_a_volume(new_composition)
    archive.begin["format"] = 2
    tar = archive.make(app.vps)
    app.script("stop")
    output = restore(app.vps, app.name, tar, code=1)
    assert "its format 2 is not known here" in output
    assert app.running() == {}


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_database_is_loaded_into_an_empty_one(images, new_composition, kind):
    app, archive = with_database(new_composition, kind)
    before = ask(app, kind, EVERYTHING)
    assert "café" in before
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id < 3; CREATE TABLE later (id int);")
    output = restore(app.vps, app.name, tar)
    assert ask(app, kind, EVERYTHING) == before
    assert "later" not in app.vps.run(f"cd /opt/{app.name} && {DUMP[kind]} | strings", check=False).stdout
    assert "✓ database" in output
    assert app.page() == "one"


@pytest.mark.parametrize(
    ("kind", "check"), [("mariadb", {}), ("postgres", {"healthcheck": {"disable": True}})]
)
def test_a_database_that_answers_late(images, new_composition, kind, check):
    """Docker still says that it is healthy, since it asked the one that was there to prepare it; or says nothing."""
    app, archive = with_database(new_composition, kind, environment={"LATE": "4"}, **check)
    before = ask(app, kind, EVERYTHING)
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id < 3;")
    restore(app.vps, app.name, tar)
    until_it_stays(app.vps, app.name, kind)
    assert ask(app, kind, EVERYTHING) == before


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_dump_that_the_database_does_not_take(images, new_composition, kind):
    app, archive = with_database(new_composition, kind)
    archive.dump = "echo this is no dump"
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id = 3;")
    before = ask(app, kind, EVERYTHING)
    output = restore(app.vps, app.name, tar, code=1)
    assert "✗ database: the database does not take the dump (exit code 1): " in output
    app.vps.run(f"cd /opt/{app.name} && docker compose up -d --wait db 2>&1")
    assert ask(app, kind, EVERYTHING) == before
    assert shlex.quote(app.name) in output
