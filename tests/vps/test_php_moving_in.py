"""A site and a wiki on PHP that somebody has set up by hand, as the usual tutorials do, are taken over with their data."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.test_php import PACKAGES, get, put
from vps.waiting import reload_nginx

pytestmark = pytest.mark.in_turns("kinds", of="modules")

BY_HAND = r"""
set -e
systemctl start mariadb
mkdir -p /var/www/html/shop/uploads && cd /var/www/html/shop
cat >index.php <<'end'
<?php $d = new mysqli('localhost', 'shop', 'a password', 'shop');
if (isset($_GET['write'])) { file_put_contents(__DIR__ . '/uploads/new.txt', 'new'); $d->query("INSERT INTO goods VALUES ('milk')"); }
foreach ($d->query('SELECT name FROM goods') as $row) echo $row['name'], ' ';
end
echo photo >uploads/photo.txt; echo '<?php // a secret' >config.php; chmod 640 config.php
chown -R www-data:www-data /var/www/html/shop
mariadb -e "CREATE DATABASE shop; CREATE USER shop@localhost IDENTIFIED BY 'a password'; GRANT ALL ON shop.* TO shop@localhost"
mariadb shop -e "CREATE TABLE goods (name TEXT); INSERT INTO goods VALUES ('tea')"
cat >/etc/nginx/sites-available/shop <<'end'
server {
    listen 80;
    server_name shop.test;
    root /var/www/html/shop;
    index index.php;
    location ~ \.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/php8.4-fpm.sock; }
}
end
ln -s /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop
sed -i 's/# server_names_hash_bucket_size 64;/server_names_hash_bucket_size 64;/' /etc/nginx/nginx.conf
sed -i '/^http {/a map $http_upgrade $connection_upgrade { default upgrade; "" close; }\nopen_file_cache max=1000;' /etc/nginx/nginx.conf
cd /var/lib/dokuwiki && mkdir -p data/attic data/meta && echo 'Our **old** page' >data/pages/old.txt
echo 'Our first page' | gzip >data/attic/old.1700000000.txt.gz
printf '1700000000\t127.0.0.1\tC\told\talma\tcreated\t\t14\n' >data/meta/old.changes
printf 'alma:%s:Alma:alma@example.org:admin,user\n' "$(php -r 'echo password_hash("tea", PASSWORD_BCRYPT);')" >acl/users.auth.php
chown -R www-data:www-data data acl
"""
SITES = {
    "shop.test": {"kind": "php", "https": False, "extensions": ["mysql"], "writable": ["uploads"]},
    "wiki.test": {"kind": "dokuwiki", "https": False},
}
DOCUMENT = Path(__file__).parents[2] / "docs/moving-in.md"


@pytest.fixture(scope="module")
def project(throwaway: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with Machine.boot("debian-13", PACKAGES) as vps:
        vps.run(BY_HAND)
        reload_nginx(vps)
        yield Project(tmp_path_factory.mktemp("user"), vps, None, dict(SITES))


def documented(title: str) -> str:
    """The commands below a title of the document, for the names of these tests."""
    section = DOCUMENT.read_text().partition(f"\n### {title}\n")[2].partition("\n#")[0]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    commands = "\n".join(text for language, text in blocks if not language)
    assert commands, title
    return commands.replace("example_org", "test").replace("example.org", "test")


def test_a_site_of_the_usual_tutorials_is_taken_over_with_its_data(project: Project) -> None:
    vps = project.vps
    assert get(project, "shop.test") == (200, "tea ")
    said = " ".join(project.deploy("plan").stdout.split())
    assert (
        "has the files of shop.test in /var/www/html/shop, and this apply serves /var/www/shop.test" in said
    )
    assert "! shop.test is left as it is: /etc/nginx/sites-enabled/shop" in said
    assert project.apply().returncode == 1
    assert get(project, "shop.test") == (200, "tea ")
    before, _, after = documented("A site on PHP").partition("deploy apply\n")
    vps.run(before)
    said = project.deploy("plan").stdout
    assert "/etc/nginx/conf.d/shop.test.conf (takes over a file made by hand)" in said
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    vps.run(after)
    assert get(project, "shop.test", "/?write") == (200, "tea milk ")
    assert get(project, "shop.test", "/uploads/photo.txt") == (200, "photo\n")
    assert get(project, "shop.test", "/uploads/new.txt") == (200, "new")
    assert vps.run("cd /var/www/html/shop && cat uploads/photo.txt && ls").stdout.split() == [
        *("photo", "config.php", "index.php", "uploads"),
    ]
    assert vps.run("stat -c %U /var/www/html/shop/index.php").stdout == "www-data\n"
    assert "Nothing to change" in project.deploy("plan").stdout


def test_what_is_still_of_nginx_is_told(project: Project) -> None:
    put(project.vps, "shop.test/uploads/late.txt", "late")
    project.vps.run("chown www-data: /var/www/shop.test/uploads/late.txt")
    project.sites["shop.test"] = SITES["shop.test"] | {"processes": 4}
    said = " ".join(project.deploy("plan").stdout.split())
    assert (
        "/var/www/shop.test has files of www-data, as whom the PHP of shop.test does not run any more" in said
    )
    assert "chown -R root:php-shop_test /var/www/shop.test" in said


def test_the_wiki_of_the_package_is_copied_with_its_history_and_users(project: Project) -> None:
    vps = project.vps
    vps.run(documented("A wiki of Debian's DokuWiki"))
    status, body = get(project, "wiki.test", "/old")
    assert status == 200
    assert "Our <strong>old</strong> page" in body
    assert "1700000000" in get(project, "wiki.test", "/old?do=revisions")[1]
    assert "Our first page" in get(project, "wiki.test", "/old?rev=1700000000")[1]
    login = "cd $(mktemp -d); ask() { curl -s -b jar -c jar -H 'Host: wiki.test' \"$@\"; }; token=$(ask 'http://127.0.0.1/old?do=login' | grep -oE 'sectok\" value=\"[0-9a-f]+' | grep -oE '[0-9a-f]{10,}' | head -1); ask -o /dev/null -d \"u=alma&p=tea&do=login&id=old&sectok=$token\" http://127.0.0.1/doku.php; ask http://127.0.0.1/old | grep -o logout | head -1"
    assert vps.run(login).stdout == "logout\n"
    assert vps.run("cat /var/lib/dokuwiki/data/pages/old.txt").stdout == "Our **old** page\n"
