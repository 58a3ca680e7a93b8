"""Real PostgreSQL and MariaDB in containers, started by scripts that go the way of the official images'."""

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
    initdb -U shop --auth=trust >/dev/null
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    createdb -U shop shop; sleep 2
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec bash -c "sleep ${LATE:-0}; exec postgres -c jit=off"
"""
MARIADB = """#!/bin/bash
set -e
if [ "$(id -u)" = 0 ]; then
    mkdir -p /tmp /var; chmod 1777 /tmp; ln -sfn /run /var/run
    mkdir -p /var/lib/mysql /run/mysqld && chown -R mysql /var/lib/mysql /run/mysqld
    exec setpriv --reuid mysql --regid mysql --clear-groups "$0" "$@"
fi
if [ ! -d /var/lib/mysql/mysql ]; then
    mariadb-install-db --auth-root-authentication-method=normal --skip-test-db >/dev/null
    mariadbd --skip-networking & server=$!
    until mariadb-admin -u root ping 2>/dev/null; do sleep 0.2; done
    check=$(tr -dc a-z0-9 </dev/urandom | head -c 32)
    printf '[mariadb-client]\nuser=healthcheck\npassword=%s\n' "$check" >/var/lib/mysql/.my-healthcheck.cnf
    mariadb -u root <<END
        CREATE DATABASE $MARIADB_DATABASE;
        CREATE USER healthcheck@localhost IDENTIFIED BY '$check';
        ALTER USER root@localhost IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
END
    sleep 1
    MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-admin -u root shutdown; wait $server
fi
exec bash -c "sleep ${LATE:-0}; exec mariadbd"
"""
IMAGE = "databases:1"
VALUES = "POSTGRES_USER=shop POSTGRES_DB=shop MARIADB_DATABASE=shop MARIADB_ROOT_PASSWORD=hush"
IMPORT = f"""
set -e; cd /root/entry; chmod -R 755 .
tar -c -C / --exclude='usr/share/[dlf]o*' --exclude=usr/share/man --exclude='usr/*docker*' --exclude='usr/*containerd*' \
    --exclude='*LLVM*' --exclude='usr/lib/git-core' --exclude='*.pyc' --exclude='usr/lib/python3*' \
    --exclude=usr/lib/systemd --exclude=usr/sbin/runc --exclude='usr/share/icons' --exclude=usr/bin/ctr \
    --exclude='*libz3.so*' --exclude='usr/share/i18n' --exclude='usr/share/perl*' --exclude='usr/lib/*/perl*' \
    --exclude='usr/bin/aria_*' --exclude='usr/bin/myisam*' --exclude='usr/bin/python3*' \
    --exclude='usr/lib/postgresql/*/lib/bitcode' --exclude='usr/bin/mariadb-[bchpstuw]*' --exclude=usr/lib/openssh \
    usr bin sbin lib lib64 etc/passwd etc/group etc/nsswitch.conf etc/ld.so.cache etc/mysql -C /root/entry postgres mariadb |
    docker import --change "ENV PATH=$(echo /usr/lib/postgresql/*/bin):/usr/sbin:/usr/bin:/sbin:/bin {VALUES}" - {IMAGE}
"""


def make_images(vps: Machine) -> None:
    """The image with both databases, made of what is installed on the server."""
    for kind, script in (("postgres", POSTGRES), ("mariadb", MARIADB)):
        folder = vps.root / "root/entry" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "docker-entrypoint.sh").write_text(script)
    vps.run(IMPORT, timeout=300)


def service(kind: str, release: str = "debian-13") -> dict[str, object]:
    """The service `db` for a compose file; Docker 20.10 of Debian 12 knows no other interval at the start."""
    file = "/var/lib/mysql/.my-healthcheck.cnf"
    check = {
        "postgres": "pg_isready -U shop",
        "mariadb": f"mariadb --defaults-extra-file={file} -e 'SELECT 1'",
    }[kind]
    place = {"postgres": "/var/lib/postgresql/data", "mariadb": "/var/lib/mysql"}[kind]
    asked = {"start_interval": "500ms", "start_period": "30s", "interval": "30s", "retries": 3}
    if release == "debian-12":
        asked = {"interval": "600ms", "retries": 100}
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
DUMP = {kind: f"/usr/local/lib/deploy/database {kind} dump db" for kind in KINDS}
LOAD = {kind: f"/usr/local/lib/deploy/database {kind} load db" for kind in KINDS}
ASK = {
    "postgres": f"/{COMPOSE} exec -T db psql -U shop -v ON_ERROR_STOP=1 -qAt shop",
    "mariadb": f"/{COMPOSE} exec -T --env MYSQL_PWD=hush db mariadb -u root -N shop",
}
FILL = "CREATE TABLE orders (id int PRIMARY KEY, what text); INSERT INTO orders VALUES (1, 'café ''x'''), (2, NULL), (3, 'a b');"
EVERYTHING = "SELECT * FROM orders ORDER BY id;"


def until_it_stays(vps: Machine, name: str, kind: str) -> None:
    """Wait for the server that stays, which is process 1: what answers first only makes the database.

    Each question has its own time limit: on a busy server, Docker may leave one without an answer.
    """
    process = f"timeout 10 docker inspect --format '{{{{.State.Pid}}}}' $(/{COMPOSE} ps --quiet db)"
    stays = f"grep -qsE 'mariadbd|postgres' /proc/$({process})/comm"
    answers = f"timeout 10 {ASK[kind]} </dev/null"
    vps.run(f"cd /opt/{name}; until {stays} && {answers}; do sleep 0.3; done", timeout=300)
