"""Services in containers: dumps of real databases, SQLite in use, and files of what is stopped for them."""

import json
import shlex
import sqlite3
import subprocess
from dataclasses import replace

import pytest

from deployer.shares.backup import Backup
from vps.backup.conftest import Backed, composed, standing_still
from vps.restore.databases import ASK, EVERYTHING, FILL, KINDS, make_images, service, until_it_stays
from vps.restore.databases import DUMP as ALL_DUMPED
from vps.restore.databases import LOAD as ALL_LOADED
from vps.services.conftest import REGISTRY, SERVE, Composition, compositions
from vps.services.lost import leave_a_folder, lose, runs, spoil
from vps.waiting import started, until

WITHOUT_END = "head --bytes=-200"
"""Stands for Docker, which drops the end of what a command has written when nobody reads it for two seconds, and says
0: moby, daemon/monitor.go. Of 1,480,000 bytes that were read eight seconds late, 1,372,160 came, by Docker 26.1."""
AS_ROOT = "docker compose exec -T db sh -c 'MYSQL_PWD=$MARIADB_ROOT_PASSWORD exec %s'"
DUMP = {
    "postgres": "docker compose exec -T db pg_dump -U shop -Fc -Z0 shop",
    "mariadb": AS_ROOT % "mariadb-dump -u root --single-transaction --quick shop",
}
BIG = {
    "postgres": "INSERT INTO orders SELECT n, repeat(md5(n::text), 1000) FROM generate_series(10, 600) n;",
    "mariadb": "INSERT INTO orders SELECT seq, REPEAT(MD5(seq), 1000) FROM seq_10_to_600;",
}
ALL_ROWS = "SELECT id, md5(what) FROM orders ORDER BY id;"
LOAD = {
    "postgres": "docker compose exec -T db pg_restore -U shop -d shop --clean --if-exists --single-transaction",
    "mariadb": AS_ROOT % "mariadb -u root shop",
}


def changed(app, named: dict | None = None, **values: object) -> None:
    """Change the service `app` in its docker-compose.yml, and the volumes."""
    path = app.directory / "docker-compose.yml"
    file = json.loads(path.read_text())
    file["services"]["app"] |= values
    path.write_text(json.dumps(file | {"volumes": named or {}}))


@pytest.fixture(scope="module")
def shop(vps, image):
    """Gives a composition with a database that is ready and has nothing in it: one of each kind for all tests."""
    make_images(vps)
    apps = {}
    with compositions(vps, image) as make:

        def give(kind: str) -> Composition:
            if kind in apps:
                ask(apps[kind], kind, EMPTY[kind])
                vps.run(f"rm -rf /home/backups/{apps[kind].name}")
                return apps[kind]
            app = apps[kind] = make()
            app.write(db=service(kind, vps.release))
            app.configure(WAIT=90)
            changed(app, {"db": {}})
            (app.directory / ".env").write_text("PASSWORD=hush\n")
            app.push()
            until_it_stays(vps, app.name, kind)
            return app

        yield give


@pytest.fixture(scope="module")
def lasting(vps, image):
    """A composition for the tests that leave it running as it was."""
    with compositions(vps, image) as make:
        app = make()
        app.push()
        yield app


@pytest.fixture
def app(lasting):
    """The composition, running, and without archives."""
    if lasting.page() != "one":
        lasting.script("start")
    name = lasting.name
    lasting.vps.run(
        f"find /opt/{name} -mindepth 1 -not -name docker-compose.yml -delete;"
        f" rm -rf /home/backups/{name} /srv/deploy/{name}/backup"
    )
    return lasting


EMPTY = {
    "postgres": """DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
        DROP DATABASE IF EXISTS "Old data-1"; DROP DATABASE IF EXISTS stats;
        DROP ROLE IF EXISTS "Reporting 2";
        \\connect postgres
        DROP TABLE IF EXISTS forgotten;""",
    "mariadb": """DROP DATABASE shop; CREATE DATABASE shop; DROP DATABASE IF EXISTS stats;
        DROP USER IF EXISTS reporting@localhost;""",
}


def ask(app, kind: str, query: str) -> str:
    return app.vps.run(f"cd /opt/{app.name} && {ASK[kind]}", input=query).stdout


@pytest.mark.in_turns
@pytest.mark.parametrize("kind", KINDS)
def test_a_database_is_dumped_while_it_runs_and_its_dump_fills_an_empty_one(shop, key, tmp_path, kind):
    app = shop(kind)
    ask(app, kind, FILL + BIG[kind])
    before, running = ask(app, kind, ALL_ROWS), app.running()
    backup = Backup(dump=DUMP[kind], load=LOAD[kind], service="db", volumes=None)
    backed = composed(app, key, backup)
    backed.run()
    log = backed.log()
    assert (log["result"], log["downtime"], log["warnings"]) == ("ok", 0, []), log
    assert app.running() == running
    cut = composed(app, key, replace(backup, dump=f"{DUMP[kind]} | {WITHOUT_END}"))
    assert "the dump is cut off: it lacks its end" in cut.fails()
    tree = backed.unpack(tmp_path)
    assert backed.begin["dump"] is True
    assert backed.begin["volumes"] == {}, "the dump stands for the database's own files"
    assert (tree / f"opt/{app.name}/.env").read_text() == "PASSWORD=hush\n"
    dump = backed.dump(tree)
    assert len(list((tree / f"srv/deploy/{app.name}/backup/dump").iterdir())) > 1, "in pieces"
    ask(app, kind, "DROP TABLE orders;")
    (app.vps.root / "root/dump").write_bytes(dump)
    app.vps.run(f"cd /opt/{app.name} && {LOAD[kind]} </root/dump; rm /root/dump")
    assert ask(app, kind, ALL_ROWS) == before


CUT = r"""
source /usr/local/lib/deploy/lib/backup/dump
WORK=$(mktemp -d) ENGINE=''
is() { # whole|cut WHAT
    rm -rf "${WORK:?}"/*
    watch_dump
    [[ $(<"$WORK/end") == "$1" ]] || echo "$2: $(<"$WORK/end")"
    [[ $1 == cut || $2 != @(plain|all)* || $(sort -u "$WORK/tables.dumped" | wc -l) == 3 ]] || cat "$WORK/tables.dumped"
}
cd /root/dumps
for each in *; do
    size=200
    [[ $each != tar ]] || size=4000 # much of its end is nothing
    is whole "$each" <"$each"
    head --bytes="-$size" "$each" | is cut "$each"
    pack=gzip
    [[ $each != @(plain|all) ]] || pack=zstd
    "$pack" -c <"$each" | is whole "$each by $pack"
    head --bytes="-$size" "$each" | "$pack" | is cut "$each by $pack"
    "$pack" -c <"$each" | head --bytes=-200 | is cut "$each, $pack"
done
rm -r "$WORK" /root/dumps
"""
"""Every format, with what lacks its end: before it is compressed, or after."""


@pytest.mark.in_turns("a dump that is no good")
def test_a_dump_is_compared_as_far_as_it_can_be_read(shop, key):
    app = shop("postgres")
    more = """CREATE TABLE year (n int); CREATE TABLE y26 () INHERITS (year); INSERT INTO y26 VALUES (1);
        CREATE TABLE "All orders" (n int); INSERT INTO "All orders" VALUES (1);"""
    ask(app, "postgres", FILL + more)
    plain, every = "docker compose exec -T db pg_dump -U shop shop", ALL_DUMPED["postgres"]

    def saved(dump: str) -> Backed:
        return composed(app, key, Backup(dump=dump, load="cat", service="db", volumes=None))

    def is_compared(dump: str) -> bool:
        said = (backed := saved(dump)).run()
        assert backed.log()["result"] == "ok", said
        return "cannot be compared with its dump" not in said

    assert is_compared(f"{plain} | zstd")
    assert not is_compared(f"{plain} -Ft | gzip")
    assert "nothing in its dump tells whether it has its end" in saved(f"{plain} | xz").run()
    assert (
        "the dump has no row of shop.public.All orders and 2 other tables"
        in saved(f"{plain} --schema-only").fails()
    )
    made = {"archive": DUMP["postgres"], "plain": plain, "tar": f"{plain} -Ft", "all": every}
    dumps = "; ".join(f"{dump} >/root/dumps/{name}" for name, dump in made.items())
    app.vps.run(f"mkdir /root/dumps; cd /opt/{app.name}; {dumps}")
    assert app.vps.run(f"bash -c {shlex.quote(CUT)}").stdout == ""
    another = """CREATE DATABASE "Old data-1";\n\\connect "Old data-1"\nCREATE TABLE t (n int); INSERT INTO t VALUES (1);"""
    ask(app, "postgres", another)
    assert is_compared(every)


FAILING = {
    "echo half; echo the server has gone away >&2; exit 3": "(exit code 3): the server has gone away",
    "true": "the dump is empty",
    "false | cat": "the dump failed (exit code 1)",
    "docker compose exec -T nothing true": "the dump failed (exit code 1)",
    "sqlite3 :memory: 'CREATE TABLE t (n)' .dump | head -n -1": "the dump is cut off",
    r"printf '\x6d\xe2\x99\x81 a whole archive of mongodump does not end so'": "the dump is cut off",
}


@pytest.mark.in_turns("a dump that is no good")
def test_a_dump_that_fails_is_no_backup(app, key):
    composed(app, key, Backup(dump="echo good")).run()
    for dump, why in FAILING.items():
        assert why in composed(app, key, Backup(dump=dump)).fails()
    assert app.page() == "one"


ENDS = r"""
source /usr/local/lib/deploy/lib/backup/dump
WORK=$(mktemp -d) ENGINE='' wide=$(seq --separator ', ' --format 'a_column_with_a_long_name_%g' 300)
postgres() { printf '%s\n' '-- PostgreSQL database dump' "$@" '-- PostgreSQL database dump complete' '\unrestrict x'; }
sqlite() { sqlite3 :memory: 'CREATE TABLE t (n); INSERT INTO t VALUES (1)' .dump; }
without_end() { head -n -1; }
is() {
    rm -rf "${WORK:?}"/*
    watch_dump
    [[ $(<"$WORK/end") == "$1" ]] || echo "$2: $(<"$WORK/end")"
    [[ $# -lt 3 ]] || grep -q "$3" "$WORK/tables.dumped" || echo "$2: $(<"$WORK/tables.dumped")"
}
postgres "INSERT INTO pages VALUES ('how to" '-- MySQL dump 10.13' "');" | is whole 'a row with the beginning of another dump'
postgres "INSERT INTO pages VALUES ('how to" '-- Dump completed' "');" | head -n 4 | is cut 'a row with the end of another'
postgres 'COPY words TO $1;' 'COPY t (n) FROM stdin;' 1 '\.' | is whole 'COPY in a function' "^.t$"
postgres 'COPY words TO $1;' | is whole 'COPY in a function, and no table'
postgres "COPY t ($wide) FROM stdin;" 1 '-- PostgreSQL database dump' '\.' | is whole 'a table of many columns' "^.t$"
{ sqlite && postgres; } | is whole 'two kinds'
{ postgres && sqlite; } | is whole 'two kinds, the other way'
{ postgres && sqlite | without_end; } | is cut 'the second lacks its end'
{ sqlite | without_end && sqlite; } | is cut 'the first lacks its end'
{ sqlite && echo '-- done'; } | is whole 'a remark behind it'
{ echo '-- shop' && sqlite | without_end; } | is cut 'a remark before it'
postgres | zstd --quiet --long=31 | is whole 'a large window'
postgres | gzip | base64 | sed '1i -----BEGIN PGP MESSAGE-----' | is '' 'letters'
[[ -e $WORK/unread ]] || echo letters
rm -r "$WORK"
"""


def test_the_end_of_a_dump_is_known_from_what_is_like_it(vps):
    assert vps.run(f"bash -c {shlex.quote(ENDS)}").stdout == ""


def test_a_dump_reads_the_compose_file_that_was_checked_alone(app, key, tmp_path):
    (app.directory / "docker-compose.override.yml").write_text("services: [broken\n")
    words = "docker compose run --rm -T app cat /www/index.html"
    backed = composed(app, key, Backup(dump=words, load="cat", service="app", volumes=None))
    backed.run()
    assert backed.dump(backed.unpack(tmp_path)) == b"one\n"


@pytest.mark.in_turns("a dump that is no good")
def test_a_dump_that_fails_before_tar_has_started(app, key, vps):
    slow = vps.root / "usr/local/bin/tar"
    slow.write_text('#!/bin/sh\nsleep 2\nexec /usr/bin/tar "$@"\n')
    slow.chmod(0o755)
    try:
        assert "the dump failed (exit code 1)" in composed(app, key, Backup(dump="false")).fails()
    finally:
        slow.unlink()


def test_containers_are_stopped_while_files_are_read_and_run_again(new_composition, key, tmp_path):
    app = new_composition()
    stubborn = {"stop_signal": "SIGWINCH", "stop_grace_period": "2s"}
    changed(app, {"kept": {}}, volumes=["./data:/data", "kept:/kept"], **stubborn)
    app.push()
    app.vps.run(
        f"docker exec {app.project}-app-1 sh -c 'echo 1 >/data/file; echo 2 >/kept/file; echo 3 >/data/x.tmp'"
    )
    running = app.running()
    backed = composed(app, key, Backup(paths=(".",), volumes=None, exclude=("*.tmp",)))
    said = backed.run()
    assert ", down for " in said
    log = backed.log()
    assert log["result"] == "ok", log
    assert 2 < log["downtime"] < log["seconds"], "it refused to stop, and was ended"
    assert (app.running(), app.page()) == (running, "one")
    tree = backed.unpack(tmp_path)
    assert backed.begin["consistency"] == "stop"
    assert backed.begin["folder"] == f"/opt/{app.name}"
    (place,) = backed.begin["volumes"].values()
    assert (tree / place[1:] / "file").read_text() == "2\n"
    assert not (tree / f"opt/{app.name}/data/x.tmp").exists()
    app.vps.run(
        f"rm /opt/{app.name}/data/x.tmp; touch -r /opt/{app.name}/docker-compose.yml /opt/{app.name}/data"
    )
    outside = app.vps.run(f"tar --numeric-owner -c -C / {place[1:]} | sha256sum").stdout
    assert (
        subprocess.run(
            ["bash", "-c", f"tar --numeric-owner -c -C {tree} {place[1:]} | sha256sum"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        == outside
    )
    assert (tree / f"opt/{app.name}/data/file").read_text() == "1\n"


def test_a_backup_ends_when_visitors_have_an_answer_again(new_composition, key, vps):
    """Its containers run a moment before."""
    app = new_composition()
    held = f"while [ -e /hold/on ]; do sleep 0.1; done; {SERVE}"
    app.image("held", held, name="held", Healthcheck={"Test": ["NONE"]})  # what others have stays as it is
    changed(app, image=f"{REGISTRY}/held:1", volumes=["./hold:/hold"])
    (app.directory / "hold").mkdir()
    app.push()
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    (app.directory / "hold/on").touch()
    log = "/var/log/nginx/access.log"
    vps.run(f"truncate --size 0 {log}")
    saving = started(vps, f"/etc/deploy/backup/{app.name}")
    until(vps, f"grep -q '\" 502 ' {log}", 60)
    assert saving.poll() is None
    (app.directory / "hold/on").unlink()
    said, _ = saving.communicate(timeout=60)
    assert saving.returncode == 0, said
    assert (app.page(), backed.log()["result"]) == ("held", "ok"), said


@pytest.mark.in_turns("cut off")
@pytest.mark.fault(
    "a program that Docker has lost writes on while a backup and a restore have stopped it", rounds=2
)
def test_what_docker_has_lost_does_not_write_on(new_composition, key, tmp_path):
    app = new_composition()
    changed(
        app,
        volumes=["./data:/data"],
        command=f"sh -c 'while date >>/data/file; do sleep 0.1; done & {SERVE}'",
    )
    app.push()
    backed = composed(app, key, Backup(paths=("data",)))
    _, program = lose(app)
    said = backed.run()
    assert f"! {app.name}: Docker has lost app, whose program went on: it is ended" in said
    assert (app.page(), runs(app, program)) == ("one", False)
    saved = backed.unpack(tmp_path) / f"opt/{app.name}/data/file"
    _, program = lose(app)
    backed.restore()
    assert (app.page(), runs(app, program)) == ("one", False)
    (aside,) = app.directory.glob("data.before-restore-*/file")
    assert (app.directory / "data/file").read_text().startswith(saved.read_text())
    assert aside.read_text().startswith(saved.read_text())


@pytest.mark.fault("Docker refuses to start what a backup, or one that was killed, has stopped", rounds=2)
def test_what_docker_does_not_start_after_a_backup_is_made_anew(app, key):
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    spoil(app)
    said = backed.run()
    assert f"! {app.name}: Docker does not start app by the old containers (" in said
    made_anew = "Docker did not start it by its old containers: they were made anew"
    assert (app.page(), backed.log()["warnings"]) == ("one", [made_anew])
    leave_a_folder(app)
    app.vps.run(f"echo app >/srv/deploy/{app.name}/backup/stopped")
    assert "they are made anew" in backed.run("--start-stopped")
    assert app.page() == "one"
    assert not (app.place / "backup/stopped").exists()


def test_sqlite_in_use_is_copied_whole(app, key, tmp_path, vps):
    data = f"/opt/{app.name}/data"
    vps.run(
        f"mkdir -p {data}; cd {data}; sqlite3 app.db 'PRAGMA journal_mode=wal; CREATE TABLE t (n int)' >/dev/null;"
        "echo picture >picture; chown 1234:1234 app.db; chmod 640 app.db"
    )
    writer = "import sqlite3,time\nc=sqlite3.connect('app.db',isolation_level=None,timeout=60)\nn=0\nwhile 1:\n c.execute('BEGIN IMMEDIATE'); c.execute('INSERT INTO t VALUES (?)',(n,)); c.execute('INSERT INTO t VALUES (?)',(-n,)); c.execute('COMMIT'); n+=1; time.sleep(0.001)"
    vps.run(
        f"systemd-run --unit=writer --collect -p WorkingDirectory={data} python3 -c {shlex.quote(writer)}"
    )
    until(vps, f"[ \"$(sqlite3 {data}/app.db 'SELECT count(*) FROM t')\" -gt 10 ]")
    try:
        backed = composed(app, key, Backup(paths=("data",), databases=("data/app.db",)))
        backed.run()
    finally:
        vps.run("systemctl stop writer")
    assert backed.log()["downtime"] == 0
    tree = backed.unpack(tmp_path)
    copy = tree / data[1:] / "app.db"
    assert sorted(path.name for path in copy.parent.iterdir()) == ["app.db", "picture"]
    assert (copy.stat().st_uid, copy.stat().st_mode & 0o7777) == (1234, 0o640)
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        count, total = database.execute("SELECT count(*), sum(n) FROM t").fetchone()
        assert count > 10
        assert (count % 2, total) == (0, 0), "no transaction is there by half"


def test_a_database_that_is_not_there_yet_makes_the_service_stop(app, key):
    (app.directory / "data").mkdir()
    backed = composed(app, key, Backup(paths=("data",), databases=("data/app.db",)))
    assert "there is no /opt/" in backed.run()
    assert backed.log()["downtime"] > 0
    assert app.page() == "one"


def test_what_is_stopped_stays_so(app, key):
    app.script("stop")
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    backed.run()
    assert backed.log()["downtime"] == 0
    assert app.page() == "502"


def test_of_what_is_stopped_the_files_of_its_database_come_back(shop, key, tmp_path):
    app = shop("postgres")
    ask(app, "postgres", FILL)
    before = ask(app, "postgres", EVERYTHING)
    backup = Backup(dump=DUMP["postgres"], load=LOAD["postgres"], service="db", volumes=())
    backed = composed(app, key, backup)
    app.script("stop")
    said = backed.run()
    assert "it is stopped: the files of its database are saved instead of a dump" in said
    assert backed.log()["result"] == "warning"
    backed.unpack(tmp_path)
    assert (backed.begin["dump"], backed.begin["load"], backed.begin["service"]) == (False, "", "")
    assert list(backed.begin["volumes"]) == [f"{app.project}_db"]
    app.script("restart")
    until_it_stays(app.vps, app.name, "postgres")
    ask(app, "postgres", "DROP TABLE orders;")
    backed.restore()
    until_it_stays(app.vps, app.name, "postgres")
    assert ask(app, "postgres", EVERYTHING) == before


def nothing_runs(app) -> str:
    """A shell command that succeeds when no container of it runs."""
    running = f"running=$(docker ps --quiet --filter name=^{app.project}-)"
    return f'[ -s /srv/deploy/{app.name}/backup/stopped ] && {running} && [ -z "$running" ]'


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a backup is killed while the service is stopped")
def test_killed_in_the_middle_it_runs_again_after_the_next_one(app, key, vps):
    vps.run(f"head -c 1M /dev/urandom >/opt/{app.name}/big")
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    stopped = vps.root / f"srv/deploy/{app.name}/backup/stopped"
    with standing_still(vps):
        vps.run(f"systemd-run --collect --unit=killed -p KillSignal=SIGKILL /etc/deploy/backup/{app.name}")
        until(vps, nothing_runs(app))
        vps.run("systemctl kill --signal=SIGKILL killed")
        until(vps, "! systemctl is-active --quiet killed")
    assert stopped.exists()
    assert list(backed.folder.glob("*.part"))
    assert app.running() == {}
    assert vps.run(f"/usr/local/lib/deploy/bin/backup-list {app.name}").stdout == ""
    assert "a killed backup had stopped it: starting it" in backed.run()
    assert app.page() == "one"
    assert len(backed.archives()) == 1
    assert not list(backed.folder.glob("*.part"))
    assert not stopped.exists()
    assert vps.run("ls /dev/shm").stdout == ""


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a backup is ended while the service is stopped")
def test_ended_in_the_middle_it_runs_again_at_once(app, key, vps):
    vps.run(f"head -c 1M /dev/urandom >/opt/{app.name}/big")
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    with standing_still(vps):
        vps.run(f"systemd-run --collect --unit=ended -p KillMode=process /etc/deploy/backup/{app.name}")
        until(vps, nothing_runs(app))
        vps.run("systemctl stop ended")
    until(vps, f"curl --silent --fail --output /dev/null --header 'Host: {app.name}' http://127.0.0.1/")
    assert app.page() == "one"
    assert not list(backed.folder.glob("*"))
    assert backed.log()["error"] == "interrupted: given up"
    assert not (app.place / "backup/stopped").exists()


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a backup of several services is killed or ended while one is stopped", rounds=2)
def test_of_several_only_one_is_down_and_killed_or_ended_in_the_middle_it_runs_again(
    app, new_composition, key, vps
):
    apps = [app, new_composition()]
    apps[1].push()
    backed = []
    for app in apps:
        vps.run(f"head -c 1M /dev/urandom >/opt/{app.name}/big")
        backed.append(composed(app, key, Backup(paths=(".",), volumes=None)))
    marks = [vps.root / f"srv/deploy/{app.name}/backup/stopped" for app in apps]
    every = " ".join(app.name for app in apps)
    backup = (
        f"systemd-run --collect --unit=several -p KillMode=process /usr/local/lib/deploy/bin/backup {every}"
    )
    for signal, whom in (("KILL", "all"), ("TERM", "main")):
        with standing_still(vps):
            vps.run(backup)
            until(vps, " || ".join(f"{{ {nothing_runs(app)}; }}" for app in apps))
            until(vps, "pgrep -x flock")  # the other waits for it
            down = [not app.running() for app in apps]
            assert sorted(down) == [False, True]
            vps.run(f"systemctl kill --kill-who={whom} --signal=SIG{signal} several")
            until(vps, "! systemctl is-active --quiet several")
        if signal == "KILL":
            assert [mark.exists() for mark in marks] == down
            said = vps.run("/usr/local/lib/deploy/bin/backup --start-stopped 2>&1").stdout
            assert said.count("a killed backup had stopped it: starting it") == 1, said
        assert [app.page() for app in apps] == ["one", "one"]
        assert not any(mark.exists() for mark in marks)
        assert vps.run("ls /dev/shm").stdout == ""
    assert [each.log()["error"] for each in backed] == ["interrupted: given up"] * 2
    assert not any(list(each.folder.glob("*")) for each in backed)


CONFLICTS = """
set -uo pipefail; INSTALLED=/usr/local/lib/deploy
for part in common/site runner/choose backup/conflicts; do source /usr/local/lib/deploy/lib/$part; done
TOGETHER=$(mktemp -d)
find_conflicts {names} && for name in {names}; do echo $name: $(xargs -n 1 <<<"${{CONFLICTS[$name]:-}}" | sort); done
rm -r "$TOGETHER"
"""


def test_what_has_something_in_common_is_not_saved_at_the_same_time(new_composition, folder, key, vps):
    """Stopped together, one of them would come up without the network, the volume or the files that it needs."""
    apps = [new_composition(page="") for _ in range(6)]
    for app in apps:
        composed(app, key, Backup(paths=(".",), volumes=None))
    folder("all-of-four", f"/opt/{apps[3].name}/data")
    vps.run("mkdir -p /srv/shelf/a; ln -s /srv/shelf /srv/linked; docker network create mesh >/dev/null")
    vps.run("docker volume create -o type=none -o o=bind -o device=/srv/shelf/a on-shelf")
    common = "-v /etc/ssl:/etc/ssl -v /run/docker.sock:/run/docker.sock --network"
    for app, options in zip(
        apps,
        [
            f"{common} mesh",
            f"{common} mesh -v shared:/data",
            f"{common} none -v shared:/data",
            f"{common} none -v on-shelf:/data",
            f"{common} none -v /srv/linked:/data:ro",
            f"{common} none -v own:/data",
        ],
        strict=True,
    ):
        label = f"--label com.docker.compose.project={app.project}"
        vps.run(f"docker create --name {app.project}-x {label} {options} 127.0.0.1:5000/base:1 true")
    names = [*(app.name for app in apps), "all-of-four"]
    one, two, three, four, five, six, files = names
    try:
        said = vps.run(f"bash -c {shlex.quote(CONFLICTS.format(names=' '.join(names)))}").stdout
    finally:
        vps.run(
            f"docker rm {' '.join(f'{app.project}-x' for app in apps)}; docker volume rm own shared on-shelf"
        )
        vps.run("docker network rm mesh; rm -r /srv/shelf /srv/linked /etc/deploy/backup/all-of-four")
    apart = {
        one: [two],
        two: [one, three],
        three: [two],
        four: [files, five],
        five: [four],
        six: [],
        files: [four],
    }
    assert dict(line.split(":") for line in said.splitlines()) == {
        name: "".join(f" {other}" for other in sorted(others)) for name, others in apart.items()
    }


def test_what_waits_for_another_starts_in_order_and_what_had_ended_stays_so(new_composition, key):
    app = new_composition()
    once = {"image": f"{app.repository}:1", "command": ["true"]}
    app.write(once=once | {"restart": "no"}, db={"image": f"{app.repository}:1", "restart": "unless-stopped"})
    waits = {"once": {"condition": "service_completed_successfully"}, "db": {"condition": "service_healthy"}}
    changed(app, depends_on=waits)
    app.push()
    running = app.running()
    assert sorted(running) == ["app", "db"]
    backed = composed(app, key, Backup(paths=(".",), volumes=None))
    backed.run()
    assert backed.log()["downtime"] > 0
    assert app.running() == running
    assert app.page() == "one"


MORE = {
    "postgres": """CREATE ROLE "Reporting 2" LOGIN PASSWORD 'x'; GRANT SELECT ON orders TO "Reporting 2";
        CREATE DATABASE stats OWNER "Reporting 2";
        \\connect stats
        CREATE TABLE hits (n int); INSERT INTO hits VALUES (7);
        CREATE TABLE empty (n int);
        \\connect postgres
        CREATE TABLE forgotten (n int); INSERT INTO forgotten VALUES (8);""",
    "mariadb": """CREATE USER reporting@localhost IDENTIFIED BY 'x'; GRANT SELECT ON shop.* TO reporting@localhost;
        CREATE DATABASE stats; CREATE TABLE stats.hits (n int); INSERT INTO stats.hits VALUES (7);
        CREATE PROCEDURE shop.twice() SELECT 2;""",
}
"""Another user with a grant, and other databases: whoever looks only at the one database has none of them."""
SPOIL = {
    "postgres": """DROP DATABASE stats; REVOKE ALL ON orders FROM "Reporting 2"; DROP ROLE "Reporting 2";""",
    "mariadb": "DROP DATABASE stats; DROP USER reporting@localhost; DROP PROCEDURE shop.twice;",
}
LATER = {
    "postgres": """SET ROLE "Reporting 2"; SELECT count(*) FROM orders; RESET ROLE;
        SELECT rolname || (rolpassword IS NOT NULL) FROM pg_authid WHERE rolname = 'Reporting 2';
        \\connect stats
        SELECT n FROM hits;
        \\connect postgres
        SELECT n FROM forgotten;""",
    "mariadb": "SELECT n FROM stats.hits; CALL shop.twice();",
}
BY_HAND = {
    "postgres": (),
    "mariadb": (
        Backup(
            dump=AS_ROOT % "mariadb-dump -u root --single-transaction --all-databases",
            load=AS_ROOT % "mariadb -u root",
            service="db",
        ),
    ),
}
"""What people write; what `database:` in sites.yaml means is another one."""


@pytest.mark.in_turns
@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_database_server_has_comes_back(shop, key, kind):
    """Roles, grants, every database, and who could log in can: as before, on a server made anew."""
    app = shop(kind)
    ask(app, kind, FILL + MORE[kind])
    before = ask(app, kind, EVERYTHING), ask(app, kind, LATER[kind])
    ours = Backup(dump=ALL_DUMPED[kind], load=ALL_LOADED[kind], service="db")
    for backup in (ours, *BY_HAND[kind]):
        backed = composed(app, key, replace(backup, paths=(".",), volumes=None))
        (app.directory / "more").write_text("kept")
        backed.run()
        assert backed.log()["result"] == "ok", backed.log()
        (app.directory / "more").write_text("spoilt")
        ask(app, kind, "DELETE FROM orders; CREATE TABLE later (id int);" + SPOIL[kind])
        backed.restore()
        assert (ask(app, kind, EVERYTHING), ask(app, kind, LATER[kind])) == before, backup.load
        assert (app.directory / "more").read_text() == "kept"
        assert app.page() == "one"
        if kind == "mariadb":  # who can log in is what it has been told since the dump
            log_in = f"cd /opt/{app.name} && docker compose exec -T db mariadb"
            asked = "-u reporting -px -N shop -e 'SELECT count(*) FROM orders'"
            assert app.vps.run(f"{log_in} {asked}").stdout == "3\n", backup.load
            app.vps.run(f"{log_in} --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf -e 'SELECT 1'")


@pytest.mark.in_turns
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_dump_of_one_database_lacks_is_told_unless_it_is_meant(shop, key, tmp_path, kind):
    app = shop(kind)
    ask(app, kind, FILL + MORE[kind])
    only_one = Backup(dump=DUMP[kind], load=LOAD[kind], service="db")
    assert "the dump has no row of " in (said := composed(app, key, only_one).fails())
    assert f"db:{'postgres' if kind == 'postgres' else 'stats'}" in said
    meant = replace(only_one, exclude=("db:stats", "db:postgres"))
    backed = composed(app, key, meant)
    backed.run()
    backed.unpack(tmp_path)
    assert backed.end["tables"] == 1
    nothing = {"postgres": "pg_dump --schema-only", "mariadb": "mariadb-dump --no-data"}[kind]
    command = DUMP[kind].replace(nothing.split()[0], nothing).replace(" -Fc -Z0", "")
    said = composed(app, key, replace(meant, dump=command)).fails()
    assert f"the dump has no row of shop.{'public.' if kind == 'postgres' else ''}orders, and db has" in said
