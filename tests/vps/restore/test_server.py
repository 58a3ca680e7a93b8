"""The server's own restore, fed with archives made by hand: what was backed up is back, byte for byte."""

import shlex
from dataclasses import replace

import pytest

from vps.restore.byhand import Archive, define, fill, inside, restore, state
from vps.restore.crafted import Crafted
from vps.restore.databases import DUMP, EVERYTHING, IMAGE, LOAD, service, until_it_stays
from vps.restore.service import ask, die, everything, files_and_a_volume, with_database, with_orders
from vps.services.conftest import file_in
from vps.services.lost import spoil


def folder(vps, name: str, *paths: str) -> Archive:
    archive = Archive(name, paths, begin={"kind": "folder"})
    define(vps, archive, "folder")
    return archive


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
    vps.run("/usr/local/lib/deploy/bin/restore photos --forget")
    assert vps.run("ls -d /srv/*before* /srv/*restor*", check=False).stdout == ""
    assert state(vps, "/srv/photos", "/srv/single") == before


@pytest.mark.in_turns("from elsewhere")
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
    vps.run("/usr/local/lib/deploy/bin/restore disk --forget; touch -d 2001-01-01 /srv/disk")
    assert state(vps, "/srv/disk", "/srv/new/deep") == before
    vps.run("umount /srv/disk")


def test_a_service_with_files_and_a_volume(given):
    """Also where the archive names a path twice, as those of an earlier deploy did with a .env."""
    app, archive = given
    tar = replace(archive, begin={"paths": [f"/opt/{app.name}/.env", *archive.paths]}).make(app.vps)
    before = everything(app, archive)
    (app.directory / "www/index.html").write_text("second\n")
    (app.directory / ".env").write_text("PASSWORD='second'\n")
    app.vps.run(f"rm -rf {' '.join(archive.volumes.values())}/*")
    output = restore(app.vps, app.name, tar, "--by ada")
    assert everything(app, archive) == before
    assert app.page() == "first"
    assert "it was down for" in output
    assert len(aside_of(output)) == 3
    assert "the archive" not in output
    assert sorted(p.name for p in app.place.iterdir()) == ["images", "lock", "made-live", "restored"]
    assert (app.log()["action"], app.log()["result"], app.log()["by"]) == ("restore", "live", "ada")
    again = restore(app.vps, app.name, tar)
    assert everything(app, archive) == before
    assert all(app.vps.run(f"ls -d {path}", check=False).returncode for path in aside_of(output))
    assert all(app.vps.run(f"ls -d {path}", check=False).returncode == 0 for path in aside_of(again))
    assert "already up to date" in app.push()


@pytest.mark.in_turns("not well")
def test_a_service_that_is_not_well_with_what_was_restored(new_composition):
    serves = ["sh", "-c", "test ! -e /www/broken && exec httpd -f -p 80 -h /www"]
    app, archive = files_and_a_volume(new_composition, command=serves)
    (app.directory / "www/broken").touch()
    tar = archive.make(app.vps)
    (app.directory / "www/broken").unlink()
    before, running = everything(app, archive), app.running()
    output = restore(app.vps, app.name, tar, code=1)
    assert "✗ up: app crashes again and again" in output
    assert "✓ back" in output
    assert (everything(app, archive), app.running(), app.page()) == (before, running, "first")
    assert sorted(p.name for p in app.place.iterdir()) == ["images", "lock", "made-live"]
    assert app.vps.run(f"find /opt /var/lib/docker/volumes -name '*{app.name}*restor*'").stdout == ""


@pytest.mark.in_turns("not well")
def test_nothing_of_it_is_there(given):
    app, archive = given
    tar = archive.make(app.vps)
    before = everything(app, archive)
    app.vps.run(
        f"cd /opt/{app.name} && docker compose down -v 2>&1; mv docker-compose.yml /root/kept.yml;"
        f" rm -r /opt/{app.name} /srv/deploy/{app.name}"
    )
    said = f"there is no /opt/{app.name}/docker-compose.yml, which says what {app.name} is: run deploy apply"
    assert said in restore(app.vps, app.name, tar, code=1)
    app.vps.run(f"mkdir /opt/{app.name}; mv /root/kept.yml /opt/{app.name}/docker-compose.yml")
    restore(app.vps, app.name, tar)
    assert everything(app, archive) == before
    assert app.page() == "first"
    warned = app.vps.run(f"cd /opt/{app.name} && docker compose up -d 2>&1").stdout
    assert "was not created by" not in warned


@pytest.mark.in_turns("not well")
def test_a_service_that_was_stopped_is_stopped_again_when_it_fails(given):
    app, archive = given
    archive.begin["format"] = 2
    tar = archive.make(app.vps)
    app.script("stop")
    output = restore(app.vps, app.name, tar, code=1)
    assert "its format 2 is not known here" in output
    assert app.running() == {}


@pytest.mark.in_turns("from elsewhere")
def test_a_folder_outside_that_it_writes_to(new_composition, vps):
    """The compose file names it, so it is saved, and comes back; what it only reads is not its own."""
    outside, read = "/srv/media", "/srv/read"
    vps.run(f"mkdir -p {outside} {read}; echo song >{outside}/a; echo word >{read}/a")
    mounts = [
        f"{outside}:/media",
        f"{read}:/read:ro",
        "/var/run/docker.sock:/sock",
        "./www:/www",
        "data:/data",
    ]
    app, archive = files_and_a_volume(new_composition, volumes=mounts)
    wrong = Archive(app.name, (*archive.paths, read), archive.volumes).make(app.vps)
    assert f"it has {read}, and sites.yaml does not save it" in restore(app.vps, app.name, wrong, code=1)
    wrong = Crafted(app.vps, app.name, paths=["/run/docker.sock"]).file("run/docker.sock").make()
    assert "it has /run/docker.sock, and sites.yaml" in restore(app.vps, app.name, wrong, code=1)
    tar = Archive(app.name, (*archive.paths, outside), archive.volumes).make(app.vps)
    before = state(app.vps, outside)
    app.vps.run(f"rm {outside}/a")
    restore(app.vps, app.name, tar)
    assert state(app.vps, outside) == before
    assert file_in(app.vps, f"{app.project}-app-1", "/media/a") == "song\n"


def test_one_path_of_a_folder(vps):
    fill(vps, "/srv/album")
    archive = folder(vps, "album", "/srv/album").make(vps)
    before = state(vps, "/srv/album/deep")
    vps.run("cd /srv/album; rm -r deep; mkdir deep; echo new >deep/new; echo changed >random")
    changed = state(vps, "/srv/album/random")
    (aside,) = aside_of(restore(vps, "album", archive, "--only /srv/album/deep/"))
    assert state(vps, "/srv/album/deep") == before
    assert state(vps, "/srv/album/random") == changed
    assert vps.run(f"cat {aside}/new").stdout == "new\n"
    for wrong, words in (
        ("/srv/album/none", "the archive has no /srv/album/none: --only takes a path that is in it"),
        ("/etc/ssh", "it has no /etc/ssh, only /srv/album"),
        ("etc/ssh", "it has no /etc/ssh, only /srv/album"),
        ("/srv/album/../album", "it has no /srv/album/../album, only /srv/album"),
    ):
        assert words in restore(vps, "album", archive, f"--only {wrong}", code=1)
        log = vps.run("tail -n 1 /var/log/deploy/push.log").stdout
        assert '"site":"album","action":"restore"' in log
        assert '"result":"refused"' in log
    vps.run("echo newer >/srv/album/newer")
    (whole,) = aside_of(restore(vps, "album", archive))
    part = restore(vps, "album", archive, "--only srv/album/deep")
    assert "removes what an earlier restore put aside" not in part
    assert vps.run(f"cat {whole}/newer").stdout == "newer\n", "the only copy of what is newer"


@pytest.mark.in_turns("from elsewhere")
def test_one_path_of_a_service_and_all_of_it_as_another(given, new_composition):
    app, archive = given
    (app.directory / "www/index.html").write_text("theirs\n")
    (app.directory / "docker-compose.yml").touch()
    tar = archive.make(app.vps)
    place = archive.volumes[f"{app.project}_data"]
    theirs = [inside(app.vps, part) for part in (f"/opt/{app.name}/www", place)]

    other, mine = files_and_a_volume(new_composition)
    there = mine.volumes[f"{other.project}_data"]
    other.vps.run(f"rm {there}/hard; echo mine >{there}/mine")
    called = f"COMPOSE_PROJECT_NAME='{other.project}'\n"
    (other.directory / ".env").write_text(f"PASSWORD='mine'\n{called}MORE='mine'\n")
    volume = state(other.vps, there)
    compose = (other.directory / "docker-compose.yml").read_text()
    output = restore(other.vps, other.name, tar, "--only www/index.html", f"--of {app.name}")
    assert len(aside_of(output)) == 1
    assert (other.page(), state(other.vps, there)) == ("theirs", volume)
    wrong = restore(other.vps, other.name, tar, code=1)
    assert f"it is an archive of {app.name}, not of {other.name}" in wrong

    output = restore(other.vps, other.name, tar, f"--of {app.name}")
    assert f"{other.name} is restored to" in output
    found = [inside(other.vps, part) for part in (f"/opt/{other.name}/www", there)]
    assert found == theirs
    assert (other.directory / ".env").read_text() == f"PASSWORD='first'\n{called}MORE='mine'\n"
    assert (other.directory / "docker-compose.yml").read_text() == compose
    assert (other.page(), app.page()) == ("theirs", "theirs")


@pytest.mark.in_turns("from elsewhere")
def test_an_archive_of_when_its_folder_and_project_had_other_names(given):
    app, archive = given
    old = Crafted(
        app.vps,
        app.name,
        project="shop",
        paths=["/opt/shop/docker-compose.yml", "/opt/shop/www"],
        volumes={"shop_data": "/v"},
    )
    old.file("/opt/shop/docker-compose.yml", "{}").file("/opt/shop/www/index.html", "then\n").file(
        "/v/x", "data"
    )
    tar = old.make()
    assert f"puts /opt/{app.name}/www aside" in old.plan()
    restore(app.vps, app.name, tar)
    assert app.page() == "then"
    assert app.vps.run(f"cat {archive.volumes[f'{app.project}_data']}/x").stdout == "data"


@pytest.mark.in_turns("from elsewhere")
def test_an_archive_of_a_whole_folder_that_has_moved_since(new_composition):
    """A compose file's folder is saved whole: no path in the archive tells which of them it is, unless it says so."""
    app, _ = files_and_a_volume(new_composition)
    there, was = f"/opt/moved-{app.project}", f"/opt/{app.name}"
    define(app.vps, Archive(app.name, (there,)))
    script = app.vps.root / "etc/deploy/backup" / app.name
    script.write_text(script.read_text().replace(f"FOLDER={was}", f"FOLDER={there}"))
    app.vps.run(f"mv {was} {there}")
    app.configure(DIRECTORY=there)
    app.push()

    def moved(then: str, page: str, **said: str) -> str:
        begin = {"paths": [then], "project": app.project, **said}
        return Crafted(app.vps, app.name, **begin).file(f"{then}/www/index.html", f"{page}\n").make()

    restore(app.vps, app.name, moved(was, "of before"))
    assert app.page() == "of before"
    restore(app.vps, app.name, moved("/opt/shop", "then", folder="/opt/shop"))
    assert app.page() == "then"
    wrong = moved("/opt/shop", "wrong", folder="/../etc")
    assert "it has the path '/../etc'" in restore(app.vps, app.name, wrong, code=1)


def test_what_docker_compose_obeys_is_as_the_server_says(given):
    """Its own .env may say it; an archive, which anybody can make who has the public key, may not."""
    app, _ = given
    folder, env = f"/opt/{app.name}", app.directory / ".env"
    called = f"COMPOSE_PROJECT_NAME='{app.project}'\n"

    def archive(text: str) -> str:
        crafted = Crafted(app.vps, app.name, paths=[f"{folder}/.env", f"{folder}/www"])
        return crafted.file(f"{folder}/.env", text).file(f"{folder}/www/index.html", "then\n").make()

    shop = "PASSWORD='then'\nCOMPOSE_PROJECT_NAME='shop'\n"  # of when it had another name
    restore(app.vps, app.name, archive(shop))
    assert env.read_text() == f"PASSWORD='then'\n{called}"
    app.vps.run(f"rm {folder}/.env")
    restore(app.vps, app.name, archive(shop))
    assert env.read_text() == f"PASSWORD='then'\n{called}", "sites.yaml says it, also where the file is lost"

    env.write_text(f"PASSWORD='now'\n{called}COMPOSE_PROFILES=mine\n")
    restore(app.vps, app.name, archive("PASSWORD='then'\nCOMPOSE_PROFILES=theirs\n"))
    assert env.read_text() == f"PASSWORD='then'\nCOMPOSE_PROFILES='mine'\n{called}"

    shown = "WORDS=\"DOCKER_A=1\\nDOCKER_B=2\"\nKEY='BEGIN\nxyz\nEND'\n"  # no names of variables in there
    restore(app.vps, app.name, archive(f"# don't: DOCKER_HOST=x\n{called}{shown}"))
    assert env.read_text().startswith(f"# don't: DOCKER_HOST=x\n{called}{shown}")

    env.write_text("PASSWORD='now'\n")
    app.configure(GIVEN="")
    restore(app.vps, app.name, archive(shop))
    assert env.read_text() == "PASSWORD='then'\n", "sites.yaml has no project: for it"

    theirs = archive("PASSWORD='other'\nDOCKER_HOST=tcp://192.0.2.1\n")
    refused = restore(app.vps, app.name, theirs, code=1)
    assert (
        f"its .env has DOCKER_HOST, which says what Docker Compose does: write it into {folder}/.env"
        in refused
    )
    assert env.read_text() == "PASSWORD='then'\n"
    restore(app.vps, app.name, theirs, "--only www")
    assert (env.read_text(), app.page()) == ("PASSWORD='then'\n", "then")


THEIRS = "docker compose exec -T db pg_restore --option-of-then"


@pytest.mark.in_turns("a database")
@pytest.mark.parametrize(
    ("kind", "check", "load", "why"),
    [
        ("mariadb", {}, LOAD["mariadb"], "ERROR "),
        ("postgres", {"healthcheck": {"disable": True}}, THEIRS, "ERROR:  syntax error at or near "),
    ],
    ids=["mariadb", "postgres"],
)
def test_a_database_that_answers_late(images, new_composition, kind, check, load, why):
    """Docker still says that it is healthy, since it asked the one that was there to prepare it; or says nothing.

    The command of sites.yaml takes also what was made for older ones.
    """
    app, archive = with_database(new_composition, kind, environment={"LATE": "4"}, **check)
    before = ask(app, kind, EVERYTHING)
    assert "café" in before
    archive.load = load
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id < 3; CREATE TABLE later (id int);")
    output = restore(app.vps, app.name, tar)
    assert "✓ database" in output
    until_it_stays(app.vps, app.name, kind)
    assert ask(app, kind, EVERYTHING) == before
    assert "later" not in app.vps.run(f"cd /opt/{app.name} && {DUMP[kind]} | strings", check=False).stdout
    assert app.page() == "one"
    no_dump = app.vps.run(f"cd /opt/{app.name} && echo this is no dump | {LOAD[kind]}", check=False)
    assert no_dump.returncode, "what the database does not take is told, and why"
    assert why in no_dump.stderr


@pytest.mark.in_turns("a database")
def test_a_dump_that_the_database_does_not_take(stocked):
    app, archive = stocked("postgres")
    archive.dump = "echo this is no dump"
    tar = archive.make(app.vps)
    ask(app, "postgres", "DELETE FROM orders WHERE id = 3;")
    before = ask(app, "postgres", EVERYTHING)
    output = restore(app.vps, app.name, tar, code=1)
    why = "(exit code 3): ERROR:  syntax error at or near "
    assert f"✗ database: the database does not take the dump {why}" in output
    until_it_stays(app.vps, app.name, "postgres")
    assert ask(app, "postgres", EVERYTHING) == before
    assert shlex.quote(app.name) in output


@pytest.mark.in_turns("a database")
def test_a_load_that_fails_without_a_word_and_one_of_the_archive(stocked):
    """What loads a dump is the command of sites.yaml; the archive's own only for who has looked at it."""
    app, archive = stocked("postgres")
    kind, wanted, load = "postgres", ask(app, "postgres", EVERYTHING), archive.load
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id = 3;")
    before = ask(app, kind, EVERYTHING)
    archive.load = r"""cat >/dev/null; echo "" "$(printf '\n')"; false"""
    define(app.vps, archive)
    refused = restore(app.vps, app.name, tar, code=1)
    assert f"it has a dump for the command '{load}', and sites.yaml loads it with '{archive.load}'" in refused
    silent = restore(app.vps, app.name, archive.make(app.vps), code=1)
    assert "the database does not take the dump (exit code 1): it said nothing" in silent
    until_it_stays(app.vps, app.name, kind)
    assert ask(app, kind, EVERYTHING) == before
    archive.load = load
    ask(app, kind, "INSERT INTO orders VALUES (3, 'a b');")
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id = 3;")
    restore(app.vps, app.name, tar, "--take-load")
    assert ask(app, kind, EVERYTHING) == wanted


AFTER = {
    "database": ("lib/restore/load", "    empty_database\n"),
    "loading": ("lib/restore/load", "    ((ENDED != 0)) || return 0\n"),
}


@pytest.mark.in_turns("a database")
def test_a_database_in_a_folder_elsewhere_goes_back_with_all_the_rest(images, new_composition):
    """Its data is not in the folder of the service, and is put aside all the same."""
    serves = ["sh", "-c", "test ! -e /files/broken && exec httpd -f -p 80 -h /www"]
    app = new_composition()
    kind, elsewhere = "postgres", "/srv/elsewhere"
    app.write(
        app=app.once(command=serves, volumes=["./files:/files"]),
        db=service(kind) | {"volumes": [f"{elsewhere}:/var/lib/postgresql/data"]},
    )
    (app.directory / "files").mkdir()
    app.configure(WAIT=60)
    app.push()
    until_it_stays(app.vps, app.name, kind)
    plain = with_orders(app, kind)
    archive = Archive(
        app.name, (*plain.paths, f"/opt/{app.name}/files"), dump=plain.dump, load=plain.load, service="db"
    )
    define(app.vps, archive)
    (app.directory / "files/broken").touch()
    tar = archive.make(app.vps)
    (app.directory / "files/broken").unlink()
    ask(app, kind, "DELETE FROM orders WHERE id < 3; CREATE TABLE later (id int);")
    assert "✗ up: " in restore(app.vps, app.name, tar, code=1)
    until_it_stays(app.vps, app.name, kind)
    assert len(ask(app, kind, EVERYTHING).splitlines()) == 1
    ask(app, kind, "DROP TABLE later;")
    assert app.vps.run(f"ls -d {elsewhere}?*", check=False).stdout == ""


@pytest.mark.in_turns("a database")
@pytest.mark.fault("a restore is killed around the load of a database", rounds=len(AFTER))
def test_killed_around_the_database(stocked):
    kind = "postgres"
    app, archive = stocked(kind)
    tar = archive.make(app.vps)
    ask(app, kind, "DELETE FROM orders WHERE id = 3;")
    before = ask(app, kind, EVERYTHING)
    for part, line in AFTER.values():
        die(app, tar, part, line)
        assert "! a restore of" in app.push()
        until_it_stays(app.vps, app.name, kind)
        assert ask(app, kind, EVERYTHING) == before


@pytest.mark.in_turns("a database")
def test_a_database_whose_container_cannot_be_made(stocked):
    """Why stands in the answer and in the log, and what was there is back."""
    app, archive = stocked("postgres")
    tar = archive.make(app.vps)
    taken = f"{app.project}-db-1"
    app.vps.run(f"cd /opt/{app.name} && docker compose down 2>&1; docker create --name {taken} {IMAGE} true")
    output = restore(app.vps, app.name, tar, code=1)
    assert "✗ database: db does not start: " in output
    assert f"/{taken}" in app.log()["error"]
    app.vps.run(f"docker rm {taken}")
    app.push()
    until_it_stays(app.vps, app.name, "postgres")
    assert "café" in ask(app, "postgres", EVERYTHING)


@pytest.mark.in_turns("a database")
@pytest.mark.fault("Docker refuses to start the database that a restore has stopped")
def test_a_database_that_docker_does_not_start_is_made_anew(stocked):
    app, archive = stocked("postgres")
    tar = archive.make(app.vps)
    before = ask(app, "postgres", EVERYTHING)
    ask(app, "postgres", "DELETE FROM orders;")
    spoil(app, "db")
    output = restore(app.vps, app.name, tar)
    assert f"! {app.name}: Docker does not start db by the old containers (" in output
    assert ask(app, "postgres", EVERYTHING) == before
