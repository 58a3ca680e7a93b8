"""Databases on the server itself: made without a password, dumped with who may come in, loaded into an empty one."""

import pytest

from deployer.rehearsal.machine import Machine
from deployer.shares.backup import own_database
from vps.backup.conftest import configure
from vps.restore.conftest import MORE
from vps.restore.service import die
from vps.services.conftest import NO_FILTERS, PACKAGES, PACKAGES_12, install_scripts
from vps.waiting import until

CALL = "/usr/local/lib/deploy/bin/database"
NAME = "shop_a"
ASK = {
    "postgres": f"runuser -u {NAME} -- psql --no-psqlrc -v ON_ERROR_STOP=1 -qAt {NAME}",
    "mariadb": f"runuser -u {NAME} -- mariadb -N {NAME}",
    "sqlite": f"sqlite3 /srv/{NAME}/shop.db",
}
FILL = (
    "CREATE TABLE orders (id int PRIMARY KEY, what text); "
    "INSERT INTO orders VALUES (1, 'café ''x'''), (2, NULL), (3, 'a b');"
    "CREATE VIEW big AS SELECT id FROM orders WHERE id > 1;"
)
BASE = {"debian-12": PACKAGES_12, "debian-13": PACKAGES}
pytestmark = pytest.mark.takes_turns("module")
ENGINES = (*ASK,)
OTHER = {
    "postgres": "runuser -u postgres -- psql -qAt {0} -c {1}",
    "mariadb": "mariadb -N {0} -e {1}",
}


@pytest.fixture(scope="module")
def vps(release, key):
    """A server where both databases of Debian run, with two users of the system that have none yet."""
    with Machine.boot(release, (*BASE[release], *MORE), files=NO_FILTERS) as machine:
        install_scripts(machine)
        machine.run("mkdir -p /etc/deploy/sites /etc/deploy/backup /srv/deploy /var/lib/deploy")
        configure(machine, key)
        machine.run(
            f"useradd --system {NAME}; useradd --system shopxa; install -d -o {NAME} -m 700 /srv/{NAME}"
        )
        until(machine, "runuser -u postgres -- psql -c 'SELECT 1' && mariadb -e 'SELECT 1'", 60)
        yield machine


@pytest.fixture(params=ENGINES)
def engine(vps, request):
    """One of them with a database that is new and empty."""
    engine = request.param
    place = f"/srv/{NAME}/shop.db" if engine == "sqlite" else NAME

    def run(action: str, more: str = "", code: int = 0) -> str:
        done = vps.run(f"{CALL} {engine} {action} --here {place} {more}", check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + (done.stderr if code else "")

    def ask(sql: str, code: int = 0) -> str:
        done = vps.run(f"{ASK[engine]} <<'END'\n{sql}\nEND", check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("make")
    run("empty")
    run.name, run.ask, run.vps, run.place = engine, ask, vps, place
    return run


@pytest.mark.in_turns
def test_what_it_is_and_what_it_has(engine):
    version = engine("version")
    assert version[0].isdigit()
    assert version.count("\n") == 1
    engine("make")
    engine.ask(FILL)
    engine("make")
    assert engine.ask("SELECT count(*) FROM big") == "2\n"
    (line,) = engine("tables").splitlines()
    table = {"postgres": "public.orders"}.get(engine.name, "orders")
    assert line.split("\t")[:2] == [{"sqlite": "main"}.get(engine.name, NAME), table]
    if engine.name != "sqlite":
        assert NAME in engine("roles")
    assert "usage: " in engine("paint", code=2)


@pytest.mark.in_turns
def test_a_dump_is_loaded_into_an_empty_one(engine):
    engine.ask(FILL)
    everything = engine.ask("SELECT * FROM orders ORDER BY id")
    engine("dump", ">/root/dump.sql")
    assert "-- role: " in engine.vps.run("head -c 200 /root/dump.sql").stdout or engine.name == "sqlite"
    assert "it is not empty" in engine("load", "</root/dump.sql", code=1)
    engine("empty")
    engine("load", "</root/dump.sql")
    assert engine.ask("SELECT * FROM orders ORDER BY id") == everything
    assert engine.ask("SELECT count(*) FROM big") == "2\n"
    assert engine.vps.run("ls -A /var/lib/deploy | grep -c database || :").stdout == "0\n"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_dump_has_what_stands_in_the_log_alone_yet(engine):
    engine.ask(f".dbconfig no_ckpt_on_close on\nPRAGMA journal_mode = wal;\n{FILL}")
    engine.vps.run(f"test -s {engine.place}-wal")
    engine("dump", ">/root/dump.sql")
    engine("replace", "</root/dump.sql")
    assert engine.ask("SELECT count(*) FROM orders") == "3\n"


@pytest.mark.in_turns
def test_what_is_replaced_is_back_when_the_dump_is_no_good(engine):
    engine.ask(FILL)
    engine("dump", ">/root/dump.sql")
    engine.ask("INSERT INTO orders VALUES (4, 'newer')")
    engine.vps.run("{ cat /root/dump.sql; echo 'INSERT INTO nothing VALUES (1);'; } >/root/bad.sql")
    assert "what was there before is loaded again" in engine("replace", "</root/bad.sql", code=1)
    assert engine.ask("SELECT count(*) FROM orders") == "4\n"
    engine("replace", "</root/dump.sql")
    assert engine.ask("SELECT count(*) FROM orders") == "3\n"


@pytest.mark.in_turns
def test_it_is_backed_up_and_restored(engine, folder, tmp_path):
    engine.ask(FILL)
    kept = own_database(engine.name, engine.place)
    backed = folder(f"shop-{engine.name}", dump=kept.dump, load=kept.load)
    backed.run()
    assert backed.log()["result"] == "ok", backed.log()
    backed.unpack(tmp_path)
    assert backed.end["tables"] == 1, "each table of the dump is compared with what is there"
    engine.ask("DELETE FROM orders")
    backed.restore()
    assert engine.ask("SELECT count(*) FROM orders") == "3\n"


@pytest.mark.in_turns
@pytest.mark.parametrize("engine", ["postgres", "mariadb"], indirect=True)
def test_no_owner_reaches_what_is_anothers(engine):
    engine.ask(FILL)
    vps, theirs = engine.vps, ASK[engine.name].replace(NAME, "shopxa")
    vps.run(f"{CALL} {engine.name} make --here shopxa")
    vps.run(f"{theirs} <<<'CREATE TABLE own (id int)'")
    for said in (
        vps.run(f"{theirs.rsplit(' ', 1)[0]} {NAME} <<<'SELECT 1'", check=False),
        vps.run(f"{ASK[engine.name].rsplit(' ', 1)[0]} shopxa <<<'SELECT 1'", check=False),
        vps.run(f"{CALL} {engine.name} make --here nobody-there", check=False),
        vps.run(f"runuser -u {NAME} -- {CALL} {engine.name} dump --here {NAME}", check=False),
    ):
        assert said.returncode != 0, said.stdout


@pytest.mark.in_turns
@pytest.mark.parametrize("engine", ["postgres", "mariadb"], indirect=True)
def test_who_else_may_come_in_comes_back_and_nobody_with_more_than_that(engine):
    """The head of a dump is from an archive, which anybody with the public key can make."""
    engine.ask(FILL)
    make = {
        "postgres": "CREATE ROLE reader LOGIN PASSWORD $$hush$$; GRANT SELECT ON orders TO reader; GRANT CONNECT ON DATABASE shop_a TO reader",
        "mariadb": r"CREATE USER reader@localhost IDENTIFIED BY \"hush\"; GRANT SELECT ON \`shop\\_a\`.* TO reader@localhost",
    }[engine.name]
    drop = {
        "postgres": "DROP OWNED BY reader; DROP ROLE reader",
        "mariadb": "DROP USER reader@localhost",
    }[engine.name]
    evil = {
        "postgres": ("CREATE ROLE evil;", "ALTER ROLE evil WITH SUPERUSER LOGIN;"),
        "mariadb": ("GRANT ALL PRIVILEGES ON *.* TO `evil`@`localhost`;",),
    }[engine.name]
    known = {
        "postgres": "SELECT rolname FROM pg_roles WHERE rolname IN ($$reader$$, $$evil$$) AND (rolcanlogin OR rolsuper)",
        "mariadb": 'SELECT User FROM mysql.user WHERE User IN (\\"reader\\", \\"evil\\")',
    }[engine.name]
    base = {"postgres": NAME, "mariadb": ""}[engine.name]

    def administrator(sql: str) -> str:
        words = sql.replace("$", "\\$")
        return engine.vps.run(OTHER[engine.name].format(base, f'"{words}"')).stdout

    administrator(make)
    engine("dump", ">/root/dump.sql")
    administrator(drop)
    head = "".join(f"-- role: {line}\n" for line in evil)
    (engine.vps.root / "root/head.sql").write_text(head)
    engine.vps.run("cat /root/head.sql /root/dump.sql >/root/both.sql")
    engine("empty")
    engine("load", "</root/both.sql")
    assert administrator(known) == "reader\n"
    administrator(drop)


LATE = """[Service]
ExecStartPre=/bin/sh -c 'test ! -e /srv/late/broken'
ExecStart=/bin/sleep infinity
"""


@pytest.mark.in_turns
@pytest.mark.fault("a restore of a database of the server itself fails after its load, or is killed then")
def test_what_it_had_is_back_when_something_fails_after_the_load(engine, folder):
    vps, kept = engine.vps, own_database(engine.name, engine.place)
    (vps.root / "etc/systemd/system/late.service").write_text(LATE)
    vps.run("systemctl daemon-reload; mkdir -p /srv/late; echo older >/srv/late/page; touch /srv/late/broken")
    engine.ask(FILL)
    name = f"late-{engine.name}"
    backed = folder(name, "/srv/late", stop=("late.service",), dump=kept.dump, load=kept.load)
    backed.run()
    backed.decrypt(vps.root / "root/plain.tar")
    vps.run("rm /srv/late/broken; echo newer >/srv/late/page; systemctl start late")
    engine.ask("INSERT INTO orders VALUES (4, 'newer'); DROP VIEW big;")

    def as_it_was() -> None:
        assert (vps.root / "srv/late/page").read_text() == "newer\n"
        assert engine.ask("SELECT count(*) FROM orders") == "4\n"
        engine.ask("CREATE VIEW big AS SELECT id FROM orders WHERE id > 1; DROP VIEW big")
        assert vps.run("systemctl is-active late").stdout == "active\n"
        assert not (vps.root / f"srv/deploy/{name}/restore.part").exists()

    said = vps.run(f"/usr/local/lib/deploy/bin/restore {name} </root/plain.tar", check=False)
    assert (said.returncode, "late.service does not start" in said.stdout) == (1, True), said.stdout
    as_it_was()
    die(backed, "/root/plain.tar", "bin/restore", "    runner_bring_up\n")
    assert engine.ask("SELECT count(*) FROM orders") == "3\n"
    vps.run(f"/usr/local/lib/deploy/bin/restore {name} --back")
    as_it_was()
    vps.run("systemctl stop late; rm -r /srv/late")
