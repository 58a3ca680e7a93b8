"""phpBB on the server itself: set up, written to, attacked, upgraded, saved, restored and removed."""

import base64
import re
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from vps.phpbb.conftest import DOMAIN, Forum
from vps.test_php_moving_in import documented
from vps.waiting import until
from vps.walk.moments import KILL

pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PLACE = f"/var/www/{DOMAIN}"
WRITE = "/posting.php?mode=post&f=2"


@pytest.fixture(scope="module")
def thread(forum: Forum) -> str:
    """The address of a thread with a picture, which its owner has written."""
    assert "admin" in forum.log_in()
    (forum.vps.root / "root/tea.png").write_bytes(PICTURE)
    text = {"subject": "Green tea", "message": "It is hot."}
    page = forum.curl(WRITE)[1]
    page = forum.submit(WRITE, page, "add_file", **text, fileupload="@/root/tea.png;type=image/png")
    assert "attachment_data" in page, page
    posted = forum.submit(WRITE, page, "post", **text)
    found = re.search(r"viewtopic\.php\?[^\"]*?t=(\d+)", posted)
    assert found, posted
    return f"/viewtopic.php?t={found[1]}"


def is_there(forum: Forum, thread: str) -> bool:
    """Whether a visitor reads the thread, and gets its picture."""
    status, page = forum.curl(thread)
    picture = re.search(r"download/file\.php\?id=\d+", page)
    if status != 200 or "It is hot." not in page or not picture:
        print(status, page)
        return False
    forum.vps.run(
        f"curl -s -o /root/got.png --resolve {DOMAIN}:80:127.0.0.1 http://{DOMAIN}/{picture[0]} && cmp /root/got.png /root/tea.png"
    )
    return True


def test_it_is_set_up_by_its_own_command_line(forum: Forum) -> None:
    status, page = forum.curl("/")
    assert (status, "<h1>Alma's &lt;tea&gt;</h1>" in page) == (200, True), page
    password = forum.password()
    assert len(password) == 24
    assert "logout" in forum.log_in() or "admin" in forum.log_in()
    vps = forum.vps
    assert vps.run(f"ls -d {PLACE}/install /opt/{DOMAIN}/*", check=False).stdout.split() == [
        f"/opt/{DOMAIN}/{name}" for name in ("data", "sessions", "tmp")
    ]
    found = vps.run(
        f"grep -rlF -e {password} /etc /var/www /var/lib/deploy /var/log /opt", check=False
    ).stdout
    assert found == f"/opt/{DOMAIN}/.env\n"
    assert vps.run(f"find {PLACE} ! -user root").stdout == ""
    assert "$dbpasswd = '';" in vps.run(f"cat /etc/phpbb/deploy-{DOMAIN}.php").stdout


def test_its_pages_have_short_addresses_and_the_long_ones_still_lead_there(forum: Forum) -> None:
    for path in ("/help/faq", "/app.php/help/faq"):
        status, page = forum.curl(path)
        assert (status, "Frequently Asked Questions" in page) == (200, True), page
    assert forum.curl("/no/such/page")[0] == 404
    assert forum.curl("/adm/")[0] in (200, 302, 403)  # phpBB lets nobody in who has not logged in


def test_a_thread_is_seen_by_a_visitor(forum: Forum, thread: str) -> None:
    forum.vps.run("rm -f /root/jar")
    assert is_there(forum, thread)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/config.php",
            "/config.php/x",
            "/common.php",
            "/includes/constants.php",
            "/includes/",
            "/phpbb/x.php",
        ),
        *(
            "/store/",
            "/store/x.txt",
            "/files/",
            "/files/x.png",
            "/cache/",
            "/cache/production/data_global.php",
        ),
        *("/install/", "/install/app.php", "/install", "/vendor/autoload.php", "/bin/phpbbcli.php"),
        *("/images/avatars/upload/x.php", "/images/avatars/upload/x.png", "/language/en/common.php"),
        *(
            "/files/shell.php",
            "/files/shell.phtml",
            "/images/shell.php",
            "/ext/shell.php",
            "/styles/shell.php",
        ),
        *("/images/shell.phtml", "/images/shell.php.phar", "/images/SHELL.PHP", "/download/shell.php"),
        *("/index.php/more", "/viewtopic.php/x.png", "/..;/config.php", "/files/..;/config.php"),
        *("/.git/config", "/.program", "/.htaccess", "/config.php~", "/config.php.bak", "/docs/index.htm"),
        *("/app.php/../config.php", "//config.php", "/%63onfig.php", "/adm/../store/x.txt"),
    ],
)
def test_what_an_attacker_asks_for_is_not_there(forum: Forum, thread: str, path: str) -> None:
    name = path.removesuffix("/more").removesuffix("/x.png") if ".php/" in path else path
    if re.search(r"/(?:shell|SHELL|x)\.[a-zA-Z.]+$", name) and "/phpbb/" not in name:
        file = forum.vps.run(f"realpath -m {PLACE}{name}").stdout.strip()
        forum.vps.run(f"mkdir -p {file.rpartition('/')[0]} && echo \"<?php echo 'att' . 'ack';\" >{file}")
    status, body = forum.curl(path, "--path-as-is")
    assert (status, "attack" in body, "att" in body) == (404, False, False), body


def test_an_upload_that_is_too_large_gets_a_page_that_says_so(forum: Forum) -> None:
    forum.project.sites[DOMAIN] = forum.site(max_upload="1M")
    forum.apply()
    forum.vps.run("head -c 2000000 /dev/zero >/root/large")
    status, body = forum.curl("/posting.php", "-F", "fileupload=@/root/large")
    assert (status, "takes 1M at once" in body) == (413, True), body
    forum.project.sites[DOMAIN] = forum.site()
    forum.apply()


def test_its_clock_runs_as_its_user(forum: Forum, thread: str) -> None:
    job = f"deploy-job-{DOMAIN}-1"
    assert forum.vps.run(f"systemctl is-active {job}.timer").stdout == "active\n"
    said = forum.vps.run(f"systemctl start {job}; journalctl --sync; journalctl --no-pager -o cat -u {job}")
    assert not re.search("Warning|Error", said.stdout), said.stdout
    shown = forum.vps.run(f"systemctl show -P Result -P User {job}").stdout
    assert {*shown.split()} == {"success", "php-forum_test"}
    assert forum.sql("SELECT config_value FROM phpbb_config WHERE config_name = 'use_system_cron'") == "1"


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("archive", "more", "words"),
    [
        ("old", {"sha256": "0" * 64}, "is not what sites.yaml says: its SHA-256 is"),
        ("new", {"archive": "/root/none.tar.bz2"}, "/root/none.tar.bz2 cannot be had"),
        ("cut", {}, "is no archive of phpBB"),
        ("other", {}, "it has no install/phpbbcli.php"),
        ("future", {}, "it is phpBB 4.0.0-a1, and what is known here is 3.3"),
    ],
)
def test_an_archive_that_is_not_right_is_not_run(
    forum: Forum, thread: str, archive: str, more: dict[str, Any], words: str
) -> None:
    forum.project.sites["two.test"] = forum.site(archive, **more)
    said = forum.refused()
    assert words in said, said
    assert forum.vps.run("ls /usr/local/share/phpbb").stdout.split() == [forum.digests["old"][:12]]
    assert is_there(forum, thread)
    del forum.project.sites["two.test"]


@pytest.mark.in_turns("cut off")
def test_an_installation_that_ends_halfway_is_begun_anew(forum: Forum, thread: str) -> None:
    forum.project.sites["two.test"] = forum.site("half")
    said = forum.refused()
    assert re.search("phpBB has not been set up; it says:.*it stops halfway", said, re.DOTALL), said
    assert forum.curl("/install/app.php", domain="two.test")[1] != "Welcome to Installation"
    assert forum.sql("SHOW TABLES LIKE 'phpbb\\_users'", "php-two_test") == "phpbb_users"
    assert is_there(forum, thread)
    forum.project.sites["two.test"] = forum.site()
    forum.apply()
    assert forum.curl("/", domain="two.test")[0] == 200
    assert forum.sql("SELECT username FROM phpbb_users WHERE user_id = 2", "php-two_test") == "admin"
    take_off(forum)


def take_off(forum: Forum) -> None:
    """The second forum, with what an owner would delete by hand."""
    del forum.project.sites["two.test"]
    forum.apply("--take-off", "1")
    forum.vps.run("rm -rf /opt/two.test /var/www/two.test")
    forum.vps.run("mariadb -e 'DROP DATABASE `php-two_test`; DROP USER `php-two_test`@localhost'")


def killed_when(forum: Forum, condition: str) -> None:
    """An apply that is killed when this is true on the server."""

    def strike(process: BaseProcess) -> None:
        until(forum.vps, condition)
        forum.vps.run(f"{KILL}; pkill -f '^php[0-9.]* .*phpbbcli.php'", check=False)

    forum.project.deploy("apply", "--yes", meanwhile=strike)


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a kill while a forum of phpBB is set up")
def test_killed_while_it_is_set_up(forum: Forum, thread: str) -> None:
    vps = forum.vps
    forum.project.sites["two.test"] = forum.site("slow")
    killed_when(forum, "mariadb php-two_test -e 'SELECT 1 FROM phpbb_users' >/dev/null 2>&1")
    assert forum.curl("/install/app.php", domain="two.test")[1] != "Welcome to Installation"
    assert forum.curl("/", domain="two.test")[0] != 200
    forum.project.sites["two.test"] = forum.site()
    forum.apply()
    assert forum.curl("/", domain="two.test")[0] == 200
    assert vps.run("ls -A /opt/two.test").stdout.split() == [".env", "data", "sessions", "tmp"]
    take_off(forum)
    assert is_there(forum, thread)


def test_a_database_of_somebody_else_or_of_containers_is_not_taken(forum: Forum, thread: str) -> None:
    forum.vps.run("mariadb -e 'CREATE DATABASE `php-two_test`'")
    forum.project.sites["two.test"] = forum.site()
    assert "MariaDB has a database php-two_test already, made by hand" in forum.refused()
    assert forum.sql("SHOW TABLES", "php-two_test") == ""
    forum.vps.run("mariadb -e 'DROP DATABASE `php-two_test`'; mkdir -p /opt/two.test/db")
    assert "/opt/two.test/db is the database of a forum in containers" in forum.refused()
    forum.vps.run("rm -r /opt/two.test")
    del forum.project.sites["two.test"]


def test_an_upgrade_keeps_what_was_added_and_one_that_fails_has_a_way_back(forum: Forum, thread: str) -> None:
    vps, sites = forum.vps, forum.project.sites
    vps.run(
        f"mkdir -p {PLACE}/ext/alma/tea && echo '{{}}' >{PLACE}/ext/alma/tea/ext.css && echo x >{PLACE}/robots.txt"
    )
    link = f"cd /opt/{DOMAIN}/data && mv store /tmp && mkdir /srv/own && ln -s /srv/own store && chown -h php-forum_test store"
    vps.run(link)  # as its PHP could
    sites[DOMAIN] = forum.site("spoiled")
    said = forum.refused()
    assert (
        vps.run(f"stat -c %U:%a /srv/own; cd /opt/{DOMAIN}/data && rm store && mv /tmp/store .").stdout
        == "root:755\n"
    )
    assert re.search("This migration is broken.*what was before the upgrade is there", said, re.DOTALL), said
    assert is_there(forum, thread)
    assert vps.run(f"cat {PLACE}/.program").stdout == f"/usr/local/share/phpbb/{forum.digests['old'][:12]}\n"
    sites[DOMAIN] = forum.site("past")
    assert "is phpBB 3.3.0, and the forum is 3.3." in forum.refused()
    sites[DOMAIN] = forum.site("new")
    forum.apply()
    assert vps.run(f"cat {PLACE}/.program").stdout == f"/usr/local/share/phpbb/{forum.digests['new'][:12]}\n"
    assert vps.run(f"cat {PLACE}/docs/new.txt {PLACE}/robots.txt").stdout == "newx\n"
    assert forum.curl("/ext/alma/tea/ext.css") == (200, "{}\n")
    assert is_there(forum, thread)
    assert vps.run("ls /usr/local/share/phpbb").stdout.split() == [forum.digests["new"][:12]]
    assert "Nothing to change" in forum.project.deploy("plan").stdout


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the database of a forum is down while it is upgraded")
def test_a_database_that_is_down_is_not_taken_for_an_empty_one(forum: Forum, thread: str) -> None:
    vps = forum.vps
    before = forum.project.sites[DOMAIN]
    vps.run("systemctl stop mariadb")
    forum.project.sites[DOMAIN] = forum.site("stuck")
    assert "its database does not answer" in forum.refused()
    vps.run("systemctl start mariadb")
    forum.project.sites[DOMAIN] = before
    forum.apply()
    assert is_there(forum, thread)


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a kill while a forum of phpBB is upgraded")
def test_killed_while_it_is_upgraded(forum: Forum, thread: str) -> None:
    vps = forum.vps
    forum.project.sites[DOMAIN] = forum.site("stuck")
    killed_when(forum, "! mariadb php-forum_test -e 'SELECT 1 FROM phpbb_topics' >/dev/null 2>&1")
    assert forum.curl(thread)[0] == 503
    forum.project.sites[DOMAIN] = forum.site("old")
    forum.apply()
    assert is_there(forum, thread)
    assert vps.run(f"ls -A /opt/{DOMAIN}").stdout.split() == [".env", "data", "sessions", "tmp"]
    assert vps.run("ls /var/www").stdout.count(DOMAIN) == 1


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("a restore between a killed upgrade of a forum of phpBB and the next apply")
def test_a_restore_after_a_killed_upgrade_counts(forum: Forum, thread: str) -> None:
    before = forum.project.sites[DOMAIN]
    said = forum.project.deploy("backup", DOMAIN)
    assert said.returncode == 0, said.stdout + said.stderr
    forum.sql("UPDATE phpbb_posts SET post_text = 'It is cold.'")
    forum.project.sites[DOMAIN] = forum.site("stuck")
    killed_when(forum, "! mariadb php-forum_test -e 'SELECT 1 FROM phpbb_topics' >/dev/null 2>&1")
    forum.project.sites[DOMAIN] = before
    said = forum.project.deploy("restore", DOMAIN, "--yes", GNUPGHOME=str(forum.key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    forum.apply()
    assert is_there(forum, thread)


def test_what_was_saved_comes_back_on_an_empty_server(forum: Forum, thread: str) -> None:
    vps, project = forum.vps, forum.project
    said = project.deploy("backup", DOMAIN)
    assert said.returncode == 0, said.stdout + said.stderr
    password = forum.password()
    vps.run(f"rm -r {PLACE} /opt/{DOMAIN} /etc/deploy/{{phpbb,databases}}/{DOMAIN}")
    vps.run("mariadb -e 'DROP DATABASE `php-forum_test`; DROP USER `php-forum_test`@localhost'")
    vps.run(
        "systemctl stop 'deploy-job-*' 'php*-fpm.service'; usermod -u 4711 php-forum_test; groupmod -g 4711 php-forum_test; systemctl restart nginx; systemd-tmpfiles --create /etc/tmpfiles.d/deploy*.conf"
    )
    forum.apply()
    assert forum.curl(thread)[1].count("It is hot.") == 0
    said = project.deploy("restore", DOMAIN, "--yes", GNUPGHOME=str(forum.key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    assert forum.password() == password
    assert is_there(forum, thread)
    assert "admin" in forum.log_in()
    assert "Nothing to change" in project.deploy("plan").stdout


BY_HAND = """
set -e
mkdir -p /var/www/html && cd /var/www/html && tar -xjf /root/old.tar.bz2 && mv phpBB3 forum && cd forum
mariadb -e "CREATE DATABASE phpbb; CREATE USER phpbb@localhost IDENTIFIED BY 'a password'; GRANT ALL ON phpbb.* TO phpbb@localhost"
umask 077
cat >/root/answers.yml <<'end'
{"installer": {
"admin": {"name": "berta", "password": "bertas tea", "email": "berta@example.org"},
"board": {"lang": "en", "name": "The old forum", "description": "old"},
"database": {"dbms": "mysqli", "dbhost": "localhost", "dbport": "", "dbuser": "phpbb", "dbpasswd": "a password",
"dbname": "phpbb", "table_prefix": "phpbb_"},
"email": {"enabled": false, "smtp_delivery": false, "smtp_host": "", "smtp_port": 25, "smtp_user": "", "smtp_pass": ""},
"server": {"cookie_secure": false, "server_protocol": "http://", "force_server_vars": true,
"server_name": "forum.test", "server_port": 80, "script_path": "/"},
"extensions": []}}
end
php install/phpbbcli.php install /root/answers.yml
mkdir -p styles/alma && echo old >styles/alma/style.css && echo old >files/old
"""


def test_a_forum_that_was_set_up_by_hand_moves_in(forum: Forum, thread: str) -> None:
    vps = forum.vps
    vps.run(BY_HAND)
    vps.run(documented("A forum of phpBB"))
    status, page = forum.curl("/")
    assert (status, "The old forum" in page) == (200, True)
    assert "berta" in forum.log_in("berta", "bertas tea")
    assert forum.curl(thread)[1].count("It is hot.") == 0
    assert vps.run(f"stat -c %U /opt/{DOMAIN}/data/files/old").stdout == "php-forum_test\n"
    assert forum.curl("/styles/alma/style.css") == (200, "old\n")
    assert forum.curl("/help/faq")[0] == 200
    assert vps.run("cat /var/www/html/forum/files/old").stdout == "old\n"
    assert "Nothing to change" in forum.project.deploy("plan").stdout


def test_nothing_is_left_but_data(forum: Forum, thread: str) -> None:
    vps = forum.vps
    ours = vps.run(f"cut -c 67- /var/lib/deploy/manifest | grep -F {DOMAIN}").stdout.splitlines()
    assert f"/etc/phpbb/deploy-{DOMAIN}.php" in ours
    del forum.project.sites[DOMAIN]
    forum.apply("--take-off", "1")
    assert [path for path in ours if (vps.root / path[1:]).exists()] == []
    assert vps.run("ls /usr/local/share/phpbb").stdout == ""
    assert (vps.root / f"opt/{DOMAIN}/data/files").is_dir()
    assert "Nothing to change" in forum.project.deploy("plan").stdout
