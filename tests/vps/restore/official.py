"""Images that behave as the official ones of PostgreSQL 18 and MariaDB do where they are new, made of Debian's programs.

They begin with nothing but their variables: a user who may do everything, with the password, and a database of that name. And an
application that finds its database by $DATABASE_URL alone.
"""

from deployer.rehearsal.machine import Machine
from vps.restore.databases import IMAGE, MARIADB_BEGINS
from vps.services.conftest import REGISTRY

POSTGRES = r"""#!/bin/bash
set -e
export PGDATA=/var/lib/postgresql/18/docker
if [ "$(id -u)" = 0 ]; then
    mkdir -p /tmp /var; chmod 1777 /tmp; ln -sfn /run /var/run
    mkdir -p "$PGDATA" /run/postgresql; chmod 700 "$PGDATA"
    chown -R postgres /var/lib/postgresql /run/postgresql
    exec setpriv --reuid postgres --regid postgres --clear-groups "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    LC_ALL=C initdb --no-sync --username "$POSTGRES_USER" --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD") >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl -o "-c listen_addresses=''" -w start
    createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl -m fast -w stop
fi
exec postgres -c listen_addresses='*' -c jit=off
"""
MARIADB = (
    MARIADB_BEGINS
    + r"""    mariadb -u root <<END
        CREATE DATABASE $MARIADB_DATABASE;
        CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
        GRANT ALL ON $MARIADB_DATABASE.* TO '$MARIADB_USER'@'%';
        CREATE USER healthcheck@localhost IDENTIFIED BY '$check';
        ALTER USER root@localhost IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
END
    MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb-admin -u root shutdown; wait $server
fi
exec mariadbd
"""
)
HEALTHCHECK = """#!/bin/bash
[ "$*" = "--connect --innodb_initialized" ] || exit 2
exec mariadb --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf -e 'SELECT 1'
"""
ORDERS = r"""#!/bin/bash
# Makes the table, as `orders make`; adds an order, as /cgi-bin/orders?tea; tells them all
ask() {
    if [[ $DATABASE_URL =~ ^mysql://(.+):(.+)@(.+):([0-9]+)/(.+)$ ]]; then
        MYSQL_PWD=${BASH_REMATCH[2]} mariadb -N -u "${BASH_REMATCH[1]}" -h "${BASH_REMATCH[3]}" -P "${BASH_REMATCH[4]}" "${BASH_REMATCH[5]}" -e "$1"
    else
        psql --no-psqlrc -qAt "$DATABASE_URL" -c "$1"
    fi
}
if [ "$1" = make ]; then ask 'CREATE TABLE IF NOT EXISTS orders (what varchar(20))' && exit; fi
printf '\r\n'
[ -z "$QUERY_STRING" ] || ask "INSERT INTO orders VALUES ('$QUERY_STRING')"
ask 'SELECT what FROM orders ORDER BY what'
"""
SHOP = f"{REGISTRY}/shop:1"
FILES = {
    "postgres/docker-entrypoint.sh": POSTGRES,
    "mariadb/docker-entrypoint.sh": MARIADB,
    "mariadb/healthcheck.sh": HEALTHCHECK,
    "shop/cgi-bin/orders": ORDERS,
    "shop/index.html": "open\n",
}
MAKE = f"""
set -e
make() {{ # FOLDER IMAGE PLACE CHANGE
    docker create --name made {IMAGE} true
    docker cp "/var/tmp/official/$1/." "made:$3"
    docker commit --change "$4" made "$2"
    docker rm made
}}
cp /bin/busybox /var/tmp/official/shop/
make postgres postgres:18-alpine /usr/bin 'ENTRYPOINT ["docker-entrypoint.sh"]'
make mariadb mariadb:12.3 /usr/bin 'ENTRYPOINT ["docker-entrypoint.sh"]'
make shop {SHOP} /www 'CMD ["/www/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]'
"""


def make_official(vps: Machine) -> None:
    """Those images under the names by which apply wants them; of the image with both databases."""
    for path, text in FILES.items():
        file = vps.root / "var/tmp/official" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    vps.run(MAKE, timeout=180)
