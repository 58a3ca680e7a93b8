"""Real PostgreSQL and MariaDB in containers, started by scripts that go the way of the official images'.

What an empty one begins with is made once, with the image: to make it anew takes most of what a database takes.
MariaDB makes no key for TLS at each start: the first prime numbers that it meets take it up to two seconds.
"""

from deployer.rehearsal.machine import Machine
from vps.services.conftest import COMPOSE

POSTGRES = """#!/usr/bin/env bash
# As the official image: a database for itself first, then the one that listens.
set -e
export PGDATA=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
    mkdir -p /tmp /var; chmod 1777 /tmp; ln -sfn /run /var/run
    mkdir -p "$PGDATA" /run/postgresql && chown -R postgres "$PGDATA" /run/postgresql && chmod 700 "$PGDATA"
    exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    cp -a /postgres/new/. "$PGDATA"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    createdb -U shop shop; sleep 2
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec bash -c "sleep ${LATE:-0}; exec postgres -c jit=off"
"""
MARIADB_BEGINS = """#!/bin/bash
set -e
if [ "$(id -u)" = 0 ]; then
    mkdir -p /tmp /var; chmod 1777 /tmp; ln -sfn /run /var/run
    mkdir -p /var/lib/mysql /run/mysqld && chown -R mysql /var/lib/mysql /run/mysqld
    exec setpriv --reuid mysql --regid mysql --clear-groups "$0" "$@"
fi
if [ ! -d /var/lib/mysql/mysql ]; then
    cp -a /mariadb/new/. /var/lib/mysql
    mariadbd --skip-networking & server=$!
    until mariadb-admin -u root ping 2>/dev/null; do sleep 0.2; done
    check=$(tr -dc a-z0-9 </dev/urandom | head -c 32)
    printf '[mariadb-client]\nuser=healthcheck\npassword=%s\n' "$check" >/var/lib/mysql/.my-healthcheck.cnf
"""
MARIADB = (
    MARIADB_BEGINS
    + """    mariadb -u root <<END
        CREATE DATABASE $MARIADB_DATABASE;
        CREATE USER healthcheck@localhost IDENTIFIED BY '$check';
        ALTER USER root@localhost IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
END
    sleep 1
    MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-admin -u root shutdown; wait $server
fi
exec bash -c "sleep ${LATE:-0}; exec mariadbd"
"""
)
IMAGE = "databases:1"
VALUES = "POSTGRES_USER=shop POSTGRES_DB=shop MARIADB_DATABASE=shop MARIADB_ROOT_PASSWORD=hush"
ENTRY = "/var/tmp/entry"  # whom the databases run as can go there
IMPORT = f"""
set -eo pipefail; cd {ENTRY}; chmod -R 755 .
install -d -o postgres -g postgres -m 700 postgres/new
install -d -o mysql -g mysql -m 700 mariadb/new
printf '%s\\n' '[mariadbd]' innodb_log_file_size=4M innodb_undo_tablespaces=0 innodb_buffer_pool_size=16M skip-ssl \
    '[client]' skip-ssl >/etc/mysql/mariadb.conf.d/90-small.cnf
LC_ALL=C setpriv --reuid postgres --regid postgres --clear-groups \
    /usr/lib/postgresql/*/bin/initdb -U shop --auth=trust --wal-segsize=1 --no-sync {ENTRY}/postgres/new >/dev/null
mariadb-install-db --user=mysql --datadir={ENTRY}/mariadb/new --auth-root-authentication-method=normal --skip-test-db >/dev/null
programs=$(command -v bash cat chmod chown cp date env grep head id ln ls mkdir rm sed setpriv sh sleep sort stat tail tr \
    mariadb mariadb-admin mariadb-dump mariadbd)
libraries=$(ldd $programs /usr/lib/postgresql/*/bin/* | grep -o '/[^ ]*[.]so[^ ]*' | grep -Ev 'LLVM|libz3')
{{ printf '%s\\n' $programs $libraries && readlink -f $programs $libraries; }} |
    sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\\1/#; s#^/##' | sort -u >files
cd /; shopt -s nullglob
tar -c --exclude=bitcode --exclude='*llvmjit*' --exclude='usr/share/m*.sql' --files-from={ENTRY}/files bin sbin lib lib64 \
    etc/passwd etc/group etc/nsswitch.conf etc/ld.so.cache etc/mysql usr/lib/postgresql usr/share/postgresql \
    usr/share/{{mariadb,mysql}}* usr/share/zoneinfo/Etc -C {ENTRY} postgres mariadb |
    docker import --change "ENV PATH=$(echo /usr/lib/postgresql/*/bin):/usr/sbin:/usr/bin:/sbin:/bin {VALUES}" - {IMAGE}
"""


def make_images(vps: Machine) -> None:
    """The image with both databases, made of what is installed on the server."""
    for kind, script in (("postgres", POSTGRES), ("mariadb", MARIADB)):
        folder = vps.root / ENTRY[1:] / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "docker-entrypoint.sh").write_text(script)
    vps.run(IMPORT, timeout=300)


def service(kind: str, release: str = "debian-13") -> dict[str, object]:
    """The service `db` for a compose file; Docker 20.10 of Debian 12 knows no other interval at the start.

    There it is asked seldom: each question is three processes, as long as the database runs.
    """
    file = "/var/lib/mysql/.my-healthcheck.cnf"
    check = {
        "postgres": "pg_isready -U shop",
        "mariadb": f"mariadb --defaults-extra-file={file} -e 'SELECT 1'",
    }[kind]
    place = {"postgres": "/var/lib/postgresql/data", "mariadb": "/var/lib/mysql"}[kind]
    asked = {"start_interval": "1s", "start_period": "30s", "interval": "30s", "retries": 3}
    if release == "debian-12":
        asked = {"interval": "3s", "retries": 20}
    health = {"test": ["CMD-SHELL", check], "timeout": "3s", **asked}
    return {
        "image": IMAGE,
        "entrypoint": [f"/{kind}/docker-entrypoint.sh"],
        "pull_policy": "never",
        "healthcheck": health,
        "volumes": [f"db:{place}"],
        "restart": "unless-stopped",
        "stop_signal": {"postgres": "SIGINT", "mariadb": "SIGTERM"}[kind],
    }


KINDS = ("postgres", "mariadb")
DUMP = {kind: f"/usr/local/lib/deploy/bin/database {kind} dump db" for kind in KINDS}
LOAD = {kind: f"/usr/local/lib/deploy/bin/database {kind} load db" for kind in KINDS}
ASK = {
    "postgres": f"/{COMPOSE} exec -T db psql -U shop -v ON_ERROR_STOP=1 -qAt shop",
    "mariadb": f"/{COMPOSE} exec -T --env MYSQL_PWD=hush db mariadb -u root -N shop",
}
FILL = "CREATE TABLE orders (id int PRIMARY KEY, what text); INSERT INTO orders VALUES (1, 'café ''x'''), (2, NULL), (3, 'a b');"
EVERYTHING = "SELECT * FROM orders ORDER BY id;"


def until_it_stays(vps: Machine, name: str, kind: str) -> None:
    """Wait for the server that stays, which is process 1: what answers first only makes the database.

    It alone listens for others. Each question has its own time limit: on a busy server, Docker may leave one
    without an answer.
    """
    find = f"timeout 10 docker inspect --format '{{{{.State.Pid}}}}' $(/{COMPOSE} ps --quiet db)"
    port = {"postgres": 5432, "mariadb": 3306}[kind]
    stays = "grep -qsE 'mariadbd|postgres' /proc/$process/comm"
    listens = f"cat /proc/$process/net/tcp* | grep -q ':{port:04X} .* 0A '"
    answers = f"timeout 10 {ASK[kind]} </dev/null"
    wait = f"until {{ [ -e /proc/$process/comm ] || process=$({find}); }} && {stays} && {listens} && {answers}; do sleep 0.2; done"
    vps.run(f"cd /opt/{name}; {wait}", timeout=300)
