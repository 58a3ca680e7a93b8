"""A WordPress that somebody has set up by hand, as the usual tutorials do, is taken over with its data where it is."""

import base64
import re
import secrets
from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from deployer.seen.releases import release_of
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.test_php import PACKAGES, get
from vps.test_php_moving_in import documented
from vps.test_wordpress import PHP, PICTURE
from vps.waiting import reload_nginx, until
from vps.walk.moments import KILL

__all__ = ["key"]
pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
FOLDER = "/var/www/html/blog"
SALTS = {name: secrets.token_urlsafe(40) + "$'\"" for name in ("AUTH_KEY", "LOGGED_IN_KEY", "NONCE_SALT")}
CONFIG = rf"""<?php
/** Database settings. define('DB_NAME', 'of_a_comment'); */
define( 'DB_NAME', 'Blog_1' );
define( 'DB_USER', 'bloguser' );
define( 'DB_PASSWORD', 'a password' );
define( 'DB_HOST', 'localhost' );
define( 'DB_CHARSET', 'utf8mb4' );
{"".join(f"define( '{name}', '{value.replace(chr(39), chr(92) + chr(39))}' );" for name, value in SALTS.items())}
$table_prefix = 'tea_';
define( 'WP_DEBUG', false );
if ( ! defined( 'ABSPATH' ) ) {{ define( 'ABSPATH', __DIR__ . '/' ); }}
require_once ABSPATH . 'wp-settings.php';
"""
SITE = """server {
    listen 80;
    server_name blog.test;
    root /var/www/html/blog;
    index index.php;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/phpVERSION-fpm.sock; }
}
"""
SETUP = """<?php define('WP_INSTALLING', true); define('WP_SITEURL', 'http://blog.test'); $_SERVER['HTTP_HOST'] = 'blog.test';
require '/var/www/html/blog/wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Tea', 'alma', 'alma@example.org', true, '', 'tea time');
$file = wp_upload_bits('photo.png', null, base64_decode('PHOTO'));
$post = wp_insert_post(['post_title' => 'Green tea', 'post_status' => 'publish',
    'post_content' => "It is hot. <img class='tea' src='{$file['url']}'>"]); file_put_contents('/tmp/post', $post); exit(0);"""
BY_HAND = """set -e
export DEBIAN_FRONTEND=noninteractive
apt-get install -qq --no-install-recommends wordpress wordpress-theme-THEME php-gd php-curl >/dev/null
systemctl start mariadb
mkdir -p /var/www/html && cp -rL /usr/share/wordpress /var/www/html/blog && rm -f /var/www/html/blog/wp-config.php
echo 'User-agent: *' >/var/www/html/blog/robots.txt
mariadb -e "CREATE DATABASE Blog_1; CREATE USER bloguser@localhost IDENTIFIED BY 'a password';
    GRANT ALL ON Blog_1.* TO bloguser@localhost"
"""
OWN = f"chown -R www-data:www-data {FOLDER} && chmod 640 {FOLDER}/wp-config.php"
ASK = "curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: blog.test'"
LOGIN = (
    f"{ASK} -c JAR -b JAR http://127.0.0.1/wp-login.php; {ASK} -c JAR -b JAR"
    " --data-urlencode 'log=alma' --data-urlencode 'pwd=tea time' http://127.0.0.1/wp-login.php"
)
# Holds up what the take-over does after it has taken the files
OPENSSL = "printf '#!/bin/bash\\n%s\\n' {!r} >/usr/local/bin/openssl && chmod 755 /usr/local/bin/openssl"
TAKE_OVER = documented("A WordPress").partition("deploy apply\n")[0]
HOW = {"its password cannot be made": "exit 1", "killed": "touch /run/held; while :; do sleep 0.1; done"}


@pytest.fixture(scope="module")
def project(
    release: str, throwaway: None, key: Key, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """As the tutorial ends, with a post, an image, and somebody who is logged in."""
    with Machine.boot(release, PACKAGES) as vps:
        theme = release_of("debian", release.removeprefix("debian-")).wordpress_theme
        vps.run(BY_HAND.replace("THEME", theme), timeout=600)
        (vps.root / FOLDER[1:] / "wp-config.php").write_text(CONFIG)
        available = vps.root / "etc/nginx/sites-available/blog"
        available.write_text(SITE.replace("VERSION", PHP[release]))
        vps.run(f"{OWN} && ln -s /etc/nginx/sites-available/blog /etc/nginx/sites-enabled/blog")
        photo = base64.b64encode(PICTURE).decode()
        vps.run("runuser -u www-data -- php", input=SETUP.replace("PHOTO", photo))
        reload_nginx(vps)
        vps.run(LOGIN.replace("JAR", "/root/before"))
        folder = tmp_path_factory.mktemp("user")
        (folder / "key.asc").write_bytes(key.public.read_bytes())
        site = {"kind": "wordpress", "https": False}
        project = Project(folder, vps, None, {"blog.test": site}, {"backups": {"recipient": "key.asc"}})
        serves(project)
        yield project


def serves(project: Project) -> None:
    """A visitor sees the post and its image, and whoever was logged in still is."""
    status, body = get(project, "blog.test")
    assert (status, "Green tea" in body) == (200, True), body
    body = get(project, "blog.test", f"/?p={project.vps.run('cat /tmp/post').stdout}")[1]
    image = re.search(r"(/wp-content/uploads/[^'\"]+photo[^'\"]*\.png)", body)
    assert image, body
    assert project.vps.run(f"{ASK} http://127.0.0.1{image[1]}").stdout == "200 "
    assert project.vps.run(f"{ASK} -b /root/before http://127.0.0.1/wp-admin/").stdout == "200 "


def owners(project: Project) -> set[str]:
    return {*project.vps.run(f"find {FOLDER} -printf '%u:%g\\n'").stdout.split()}


def said(project: Project, *arguments: str) -> str:
    done = project.deploy(*arguments)
    return " ".join((done.stdout + done.stderr).split())


def test_what_is_there_is_said_and_left_alone(project: Project) -> None:
    told = said(project, "plan")
    assert f"{FOLDER} has a WordPress 6." in told
    assert f"`takes_over: {FOLDER}`, `database: Blog_1`, `table_prefix: tea_`" in told
    assert "! blog.test is left as it is: /etc/nginx/sites-enabled/blog" in told
    project.vps.run(TAKE_OVER)
    for keys, why in (
        ({"table_prefix": "wp_"}, "table_prefix is tea_, and sites.yaml says wp_"),
        ({"database": "other"}, "DB_NAME is Blog_1, and sites.yaml says other"),
        ({"takes_over": "/var/www/html"}, "has no WordPress with its wp-config.php"),
    ):
        taken = {"takes_over": FOLDER, "database": "Blog_1", "table_prefix": "tea_"}
        project.sites["blog.test"] |= taken | keys
        assert why in said(project, "apply", "--yes")
        serves(project)
    project.sites["blog.test"] |= taken
    told = said(project, "plan")
    assert "it is taken over with its data where it is" in told
    assert "Nor is this served: robots.txt." in told
    assert owners(project) == {"www-data:www-data"}


@pytest.mark.in_turns
@pytest.mark.fault("a WordPress of before cannot be taken over, or an apply is killed while it is")
@pytest.mark.parametrize("program", HOW.values(), ids=HOW)
def test_what_fails_in_the_middle_leaves_the_old_one(project: Project, program: str) -> None:
    vps = project.vps
    vps.run(OPENSSL.format(program))
    if "held" in program:
        vps.run(f"(until [ -e /run/held ]; do sleep 0.05; done; {KILL}) >/dev/null 2>&1 &")
    done = project.apply()
    assert done.returncode == (3 if "held" in program else 1)
    vps.run("rm /usr/local/bin/openssl; pkill -KILL -f 'local/bin/[o]penssl'", check=False)
    if "held" in program:
        assert "php-blog_test:www-data" in owners(project)
        serves(project)
        until(vps, "flock --nonblock /var/lib/deploy/lock true")
        project.sites["blog.test"]["database"] = "other"
        project.apply()
        project.sites["blog.test"]["database"] = "Blog_1"
    serves(project)
    assert owners(project) == {"www-data:www-data"}
    assert not (vps.root / "etc/wordpress/config-blog.test.php").exists()


def test_it_is_taken_over_with_its_data_and_logins(project: Project) -> None:
    vps = project.vps
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    serves(project)
    said = vps.run(
        "php -r 'require $argv[1]; echo AUTH_KEY, LOGGED_IN_KEY, NONCE_SALT;' /opt/blog.test/salts.php"
    )
    assert said.stdout == "".join(SALTS.values())
    assert vps.run("stat -c '%a %U %G' /opt/blog.test/salts.php").stdout == "640 root php-blog_test\n"
    assert vps.run(LOGIN.replace("JAR", "/root/after")).stdout == "200 302 http://blog.test/wp-admin/"
    assert get(project, "blog.test", "/wp-config.php")[0] == 404
    assert "'DB_PASSWORD', ''" in (vps.root / "etc/wordpress/config-blog.test.php").read_text()
    write(project, "Black tea")
    assert "Black tea" in get(project, "blog.test")[1]
    plan = project.deploy("plan").stdout
    assert "Nothing to change" in plan
    assert "set up by hand" not in plan


def write(project: Project, title: str) -> None:
    """A post with an upload, as its own user."""
    code = (
        "<?php require '/usr/share/wordpress/wp-load.php'; $file = wp_upload_bits('cup.txt', null, 'cup');"
        f" if ($file['error']) exit(1); wp_insert_post(['post_title' => '{title}', 'post_status' => 'publish']);"
    )
    project.vps.run("runuser -u php-blog_test -- env HTTP_HOST=blog.test php", input=code)


@pytest.mark.fault("what was taken over cannot be given back")
def test_what_goes_from_sites_yaml_is_whose_it_was_and_comes_again(project: Project) -> None:
    vps, site = project.vps, project.sites.pop("blog.test")
    uploads = f"{FOLDER}/wp-content/uploads"
    vps.run(f"mount --bind {uploads} {uploads} && mount -o remount,bind,ro {uploads}")
    done = project.deploy("apply", "--yes", "--take-off", "1")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert f"{FOLDER}/wp-content could not be given back to www-data:www-data: " in said.replace("\n", " ")
    vps.run(f"umount {uploads}")
    done = project.deploy("apply", "--yes", "--take-off", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert owners(project) == {"www-data:www-data"}
    vps.run("ln -s /etc/nginx/sites-available/blog /etc/nginx/sites-enabled/blog")
    reload_nginx(vps)
    serves(project)
    assert "Black tea" in get(project, "blog.test")[1]
    project.sites["blog.test"] = site
    vps.run(TAKE_OVER)
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    serves(project)


def test_what_was_saved_of_it_comes_back_on_an_empty_server(project: Project, key: Key) -> None:
    vps = project.vps
    done = project.deploy("backup", "blog.test")
    assert done.returncode == 0, done.stdout + done.stderr
    vps.run(f"rm -r {FOLDER} /opt/blog.test /etc/tmpfiles.d/deploy-php-blog.test.conf /etc/deploy/wordpress")
    vps.run("mariadb -e 'DROP DATABASE Blog_1; DROP USER bloguser@localhost, `php-blog_test`@localhost'")
    vps.run("rm /etc/deploy/databases/blog.test")
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    done = project.deploy("restore", "blog.test", "--yes", GNUPGHOME=str(key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    serves(project)
    assert "Nothing to change" in project.deploy("plan").stdout
