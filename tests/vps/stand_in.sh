#!/bin/bash
# What runs in the containers of the test of all templates, in place of images that cannot be had there.
# The databases are Debian's own, set up as the documentation of their images says. The programs in front of
# them are only as much as uses what the template gives them: each answers 200 as long as its check is fine.
set -euo pipefail
role=$1
shift

set_up_postgres() { # while it does, it listens on its socket only, as the image does
    local words=/tmp/password
    install -m 600 -o postgres /dev/null $words
    printf '%s' "$POSTGRES_PASSWORD" >$words
    install -d -o postgres "$1"
    as_postgres initdb --pgdata "$1" --username "$POSTGRES_USER" --pwfile $words --auth-host scram-sha-256
    echo 'host all all all scram-sha-256' >>"$1/pg_hba.conf"
    as_postgres pg_ctl --pgdata "$1" --options "-c listen_addresses=''" --wait start
    as_postgres createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
    as_postgres pg_ctl --pgdata "$1" --wait stop
    rm $words
}

as_postgres() { runuser -u postgres -- env PATH="$PATH" "$@"; }

set_up_mariadb() {
    chown mysql "$1"
    mariadb-install-db --user=mysql --datadir="$1" --auth-root-authentication-method=normal --skip-test-db
    mariadbd --user=mysql --datadir="$1" --bootstrap <<SQL
FLUSH PRIVILEGES;
CREATE DATABASE $MARIADB_DATABASE;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON $MARIADB_DATABASE.* TO '$MARIADB_USER'@'%';
ALTER USER root@localhost IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
SQL
}

wait_for_the_end() { # as process 1, which hears only the signals that it asks for
    trap exit TERM
    sleep infinity &
    wait
}

case $role in
    postgres)
        data=/var/lib/postgresql/18/docker
        install -d -o postgres /var/run/postgresql
        [ -s $data/PG_VERSION ] || set_up_postgres $data
        exec setpriv --reuid postgres --regid postgres --init-groups postgres -D $data -c listen_addresses='*' ;;
    mariadb)
        data=/var/lib/mysql
        install -d -o mysql /run/mysqld
        [ -d $data/mysql ] || set_up_mariadb $data
        exec mariadbd --user=mysql --datadir=$data --bind-address=0.0.0.0 ;;
    runner)
        grep -q '^runner:' "$CONFIG_FILE"
        printf '{"token": "%s"}\n' "$GITEA_RUNNER_REGISTRATION_TOKEN" >/data/.runner
        wait_for_the_end ;;
    watchtower)
        curl --silent --fail --unix-socket /var/run/docker.sock http://docker/version >/dev/null
        wait_for_the_end ;;
    answer) # PORT CHECK
        exec python3 /stand-in/answer.py "$@" ;;
esac
