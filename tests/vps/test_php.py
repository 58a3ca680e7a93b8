"""Sites that run on PHP-FPM on the server itself: asked, attacked, broken, saved, restored and removed."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from walkthrough import called, copied

__all__ = ["key"]
PACKAGES = (
    *(
        "brotli",
        "certbot",
        "cron",
        "curl",
        "git",
        "gnupg",
        "jq",
        "libnginx-mod-http-brotli-static",
        "logrotate",
    ),
    *("nginx", "rsync", "sqlite3", "webp", "zstd"),
    *("dokuwiki", "mariadb-server", "php-fpm", "php-mysql", "php-sqlite3", "php-xml"),
)
POOL = "/etc/php/8.4/fpm/pool.d/{}.conf"
SITES = {
    "one.test": {
        "kind": "php",
        "https": False,
        "root": "public",
        "front": "index.php",
        "writable": ["public/uploads"],
        "settings": {"date.timezone": "Asia/Tokyo"},
        "database": "mariadb",
        "jobs": {
            "*/5 * * * *": "date >>public/uploads/job.txt; id -un >>public/uploads/job.txt; echo $DATABASE"
        },
    },
    "two.test": {"kind": "php", "https": False, "processes": 2, "database": "mariadb"},
    "wiki.test": {"kind": "dokuwiki", "https": False, "title": "Alma's \\ wiki"},
    "old.test": {"kind": "redirect", "to": "https://example.org", "https": False},
}
INDEX = "<?php echo implode(' ', [$_SERVER['REQUEST_URI'], exec('id -un'), ini_get('date.timezone')]);"
RUN = "<?php eval(file_get_contents('php://input'));"


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    with Machine.boot("debian-13", PACKAGES) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with two sites on PHP, and the files that their owner has put there."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    project = Project(folder, vps, None, dict(SITES), {"backups": {"recipient": "key.asc"}})
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    put(vps, "one.test/public/index.php", INDEX)
    put(vps, "one.test/public/run.php", RUN)
    put(vps, "one.test/config.php", "<?php $password = 'secret of one';")
    put(vps, "two.test/index.php", "<?php echo 'two';")
    put(vps, "two.test/run.php", RUN)
    put(vps, "two.test/config.php", "<?php $password = 'secret of two';")
    assert "Nothing to change" in project.deploy("plan").stdout
    return project


def put(vps: Machine, path: str, content: str) -> None:
    """A file of a site, as its owner puts it there."""
    file = vps.root / "var/www" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def get(project: Project, domain: str, path: str = "/") -> tuple[int, str]:
    return project.get(domain, path, scheme="http")


def run(project: Project, domain: str, code: str) -> str:
    """What this PHP prints as the site's."""
    ask = f"curl -s -H 'Host: {domain}' --data-binary @- http://127.0.0.1/run.php"
    return project.vps.run(ask, input=code).stdout


def test_each_runs_as_a_user_of_its_own(project: Project) -> None:
    assert get(project, "one.test", "/any/page?x=1") == (200, "/any/page?x=1 php-one_test Asia/Tokyo")
    assert get(project, "two.test") == (200, "two")
    assert get(project, "two.test", "/any/page")[0] == 404
    assert "X-Powered-By" not in project.vps.run("curl -sI -H 'Host: two.test' http://127.0.0.1/").stdout
    shown = project.vps.run("systemctl show -P NoNewPrivileges,ProtectSystem php8.4-fpm").stdout
    assert {*shown.split()} == {"yes", "full"}


@pytest.mark.parametrize(
    "path",
    [
        *("/index.php/more", "/.git/config", "/.env", "/config.php.bak", "/dump.sql", "/uploads/..;/run.php"),
        *(
            f"/uploads/{name}"
            for name in ("shell.php", "shell.phtml", "shell.php.jpg", "SHELL.PHP", ".htaccess")
        ),
        "/uploads/shell.php/x.jpg",
    ],
)
def test_what_an_attacker_asks_for_is_not_there(project: Project, path: str) -> None:
    name = path.removeprefix("/").removesuffix("/more").removesuffix("/x.jpg").replace("..;/", "")
    if name not in ("index.php", "uploads/run.php"):
        put(project.vps, f"one.test/public/{name}", "<?php echo 'attack';")
    assert get(project, "one.test", path)[0] == 404


def test_one_site_reaches_nothing_of_another(project: Project) -> None:
    vps = project.vps
    vps.run("install -o php-two_test -g php-two_test -m 600 /dev/null /opt/two.test/data/kept")
    for path in ("/var/www/two.test/config.php", "/opt/two.test/data/kept", "/etc/passwd"):
        assert run(project, "one.test", f"var_dump(@file_get_contents('{path}'));") == "bool(false)\n", path
    for command in ("cat /var/www/two.test/config.php", "ls /opt/two.test/sessions", "ls /opt/two.test/data"):
        said = run(project, "one.test", f"passthru('{command} 2>&1');")
        assert "Permission denied" in said, said
    socket = "unix:///run/php/8.4-php-two_test.sock"
    said = run(project, "one.test", f"var_dump(@stream_socket_client('{socket}', $n, $why)); echo $why;")
    assert "Permission denied" in said
    assert "uid=" in run(project, "one.test", "passthru('id');")
    link = "symlink('/var/www/two.test/config.php', '/var/www/one.test/public/uploads/x.txt')"
    run(project, "one.test", f"{link}; passthru('ln -s /var/www/two.test/config.php public/uploads/y.txt');")
    run(
        project,
        "one.test",
        "chdir('/var/www/one.test/public/uploads'); passthru('ln -s /var/www/two.test/config.php y.txt');",
    )
    for name in ("x", "y"):
        status, body = get(project, "one.test", f"/uploads/{name}.txt")
        assert status in (403, 404)
        assert "secret" not in body
    run(project, "two.test", "opcache_compile_file('/var/www/two.test/config.php');")
    assert "two.test" not in run(project, "one.test", "var_dump(@opcache_get_status());")
    assert "two" not in run(
        project, "one.test", "var_dump(@include '/var/www/two.test/config.php', $password ?? 0);"
    )


QUERY = """$d = new mysqli('localhost', '{0}', '', '{0}'); $d->query('CREATE TABLE IF NOT EXISTS note (text TEXT)');
$d->query("INSERT INTO note VALUES ('{1}')"); foreach ($d->query('SELECT text FROM note') as $row) echo $row['text'], ' ';"""


def test_each_has_a_database_without_a_password(project: Project) -> None:
    assert run(project, "one.test", QUERY.format("php-one_test", "tea")) == "tea "
    assert run(project, "two.test", QUERY.format("php-two_test", "milk")) == "milk "
    assert run(project, "one.test", "echo getenv('DATABASE');") == "php-one_test"
    said = run(
        project,
        "one.test",
        "try { new mysqli('localhost', 'php-two_test', '', 'php-two_test'); }"
        " catch (Exception $why) { echo $why->getMessage(); }",
    )
    assert "Access denied" in said
    said = run(
        project, "one.test", "passthru('mariadb --user php-one_test php-two_test -e \"SELECT 1\" 2>&1');"
    )
    assert "Access denied" in said


def test_a_job_runs_as_the_user_of_its_site(project: Project) -> None:
    vps = project.vps
    job = "deploy-job-one.test-1"
    assert vps.run(f"systemctl is-active {job}.timer; systemctl is-enabled {job}.timer").stdout.split() == [
        "active",
        "enabled",
    ]
    vps.run(f"systemctl start {job}.service")
    assert vps.run("tail -n 1 /var/www/one.test/public/uploads/job.txt").stdout == "php-one_test\n"
    done = project.deploy("exec", "one.test", "--", "sh", "-c", "id -un; pwd")
    assert (done.returncode, done.stdout, done.stderr) == (0, "php-one_test\n/var/www/one.test\n", "")
    vps.run("journalctl --sync")
    assert "php-one_test" in vps.run(f"journalctl --no-pager --output cat --unit {job}").stdout


def test_what_was_saved_comes_back_on_an_empty_server(project: Project, key: Key) -> None:
    vps = project.vps
    run(project, "one.test", QUERY.format("php-one_test", "kept"))
    run(
        project,
        "one.test",
        "file_put_contents('/var/www/one.test/public/uploads/photo.txt', 'photo');"
        " file_put_contents(getenv('DATA_DIRECTORY') . '/own.txt', 'own');",
    )
    put(vps, "one.test/public/page.txt", "page")
    said = project.deploy("backup", "one.test")
    assert said.returncode == 0, said.stdout + said.stderr
    # what a server that is set up anew has: no files, no database, and another number for the user
    vps.run(
        "rm -r /var/www/one.test /opt/one.test; mariadb -e 'DROP DATABASE `php-one_test`; DROP USER `php-one_test`@localhost'"
    )
    vps.run(
        "systemctl stop php8.4-fpm && usermod -u 4711 php-one_test && groupmod -g 4711 php-one_test && systemctl restart nginx php8.4-fpm"
    )
    vps.run("systemd-tmpfiles --create /etc/tmpfiles.d/deploy*.conf")
    vps.run("/usr/local/lib/deploy/bin/database mariadb make --here php-one_test")
    said = project.deploy("restore", "one.test", "--yes", GNUPGHOME=str(key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    assert get(project, "one.test", "/uploads/photo.txt") == (200, "photo")
    assert get(project, "one.test", "/page.txt") == (200, "page")
    notes = run(project, "one.test", QUERY.format("php-one_test", "new"))
    assert "kept" in notes
    assert notes.endswith("new ")
    owners = vps.run(
        "cd /var/www/one.test && stat -c '%U:%G' . config.php public/uploads public/uploads/photo.txt"
    ).stdout
    assert owners.split() == ["root:php-one_test", "root:root", *["php-one_test:php-one_test"] * 2]
    assert run(project, "one.test", "echo file_get_contents(getenv('DATA_DIRECTORY') . '/own.txt');") == "own"
    assert "Nothing to change" in project.deploy("plan").stdout


EDIT = """
cd $(mktemp -d); ask() { curl -s -b jar -c jar -H 'Host: wiki.test' "$@"; }; token() { grep -oE 'name="sectok" value="[0-9a-f]*"' | head -1 | grep -oE '[0-9a-f]{10,}'; }
read -r password; token=$(ask 'http://127.0.0.1/start?do=login' | token)
ask -o /dev/null --data-urlencode "p=$password" -d "u=admin&do=login&id=start&sectok=$token" http://127.0.0.1/doku.php
ask 'http://127.0.0.1/tea?do=edit' >edit; token=$(token <edit); grep -o 'logout' edit | head -1
ask -o /dev/null -d "id=tea&rev=0&date=0&prefix=&suffix=&changecheck=&target=section&sectok=$token&summary=new&do[save]=1" --data-urlencode "wikitext=$1" http://127.0.0.1/doku.php
"""


def edit(project: Project, text: str) -> str:
    """Write a page of the wiki as a person does who knows its password."""
    password = project.deploy("secret", "show", "wiki.test", "PASSWORD").stdout
    return project.vps.run(f"bash -c {shlex.quote(EDIT)} edit {shlex.quote(text)}", input=password).stdout


def test_a_wiki_is_read_by_everyone_and_written_by_who_knows_the_password(project: Project) -> None:
    status, body = get(project, "wiki.test")
    assert status == 200
    assert "Alma&#039;s \\ wiki" in body
    assert edit(project, "Tea is **hot**") == "logout\n"
    assert "Tea is <strong>hot</strong>" in get(project, "wiki.test", "/tea")[1]
    assert "do[save]" not in get(project, "wiki.test", "/tea?do=edit")[1]
    assert get(project, "wiki.test", "/lib/exe/css.php")[0] == 200
    assert get(project, "wiki.test", "/lib/images/smileys/icon_smile.svg")[0] == 200
    for path in (
        "/data/pages/tea.txt",
        "/conf/local.php",
        "/inc/init.php",
        "/bin/wantedpages.php",
        "/vendor/autoload.php",
    ):
        assert get(project, "wiki.test", path)[0] == 404, path
    assert "Permission denied" in run(project, "one.test", "passthru('ls /opt/wiki.test/data 2>&1');")


def test_a_wiki_comes_back_with_its_history(project: Project, key: Key) -> None:
    edit(project, "Tea is cold")
    edit(project, "Tea is warm")
    assert project.deploy("backup", "wiki.test").returncode == 0
    project.vps.run("rm -r /opt/wiki.test/data/* /opt/wiki.test/.env")
    said = project.deploy("restore", "wiki.test", "--yes", GNUPGHOME=str(key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Tea is warm" in get(project, "wiki.test", "/tea")[1]
    assert int(project.vps.run("ls /opt/wiki.test/data/attic | grep -c '^tea[.]'").stdout) > 1
    assert edit(project, "Tea is gone") == "logout\n"


def test_a_pool_that_is_refused_goes_back_alone(project: Project, tmp_path: Path) -> None:
    package = copied(tmp_path)
    template = package / "templates/php/pool.conf"
    template.write_text(
        template.read_text().replace(
            "pm = ondemand", "{{ 'pm = never' if site.processes == 3 else 'pm = ondemand' }}"
        )
    )
    project.sites["two.test"] = SITES["two.test"] | {"processes": 3}
    project.sites["one.test"] = SITES["one.test"] | {"settings": {"date.timezone": "Asia/Seoul"}}
    project.write()
    done = called(package, "-m", "deployer", "apply", "--yes", "-c", str(project.folder / "sites.yaml"))
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert f"✗ two.test: PHP-FPM refuses {POOL.format('two.test')}, line 12" in said
    assert "invalid process manager (static" in said
    assert get(project, "two.test") == (200, "two")
    assert get(project, "one.test")[1].endswith("Asia/Seoul")
    assert "pm.max_children = 2" in project.vps.run(f"cat {POOL.format('two.test')}").stdout
    project.sites["two.test"] = SITES["two.test"]


def test_who_broke_php_by_hand_is_told_and_nobody_stops(project: Project) -> None:
    vps = project.vps
    vps.run(
        "printf '[mine]\\nuser = nobody-at-all\\nlisten = /run/mine.sock\\n' >/etc/php/8.4/fpm/pool.d/mine.conf"
    )
    project.sites["one.test"] = SITES["one.test"]
    done = project.apply()
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "[pool mine]" in said
    assert get(project, "two.test") == (200, "two")
    vps.run("rm /etc/php/8.4/fpm/pool.d/mine.conf")
    assert project.apply().returncode == 0
    assert get(project, "one.test")[1].endswith("Asia/Tokyo")


def test_who_asks_during_a_reload_gets_an_answer(project: Project) -> None:
    ask = "curl -s -H 'Host: two.test' --data-binary 'sleep(2); echo 1;' http://127.0.0.1/run.php"
    project.vps.run(f"({ask} >/tmp/slow) & echo $! >/tmp/slow.pid")
    project.sites["one.test"] = SITES["one.test"] | {"memory": "64M"}
    assert project.apply().returncode == 0
    project.vps.run("while kill -0 $(cat /tmp/slow.pid) 2>/dev/null; do sleep 0.05; done")
    assert project.vps.run("cat /tmp/slow").stdout == "1"


def test_a_request_that_never_ends_is_stopped(project: Project) -> None:
    project.sites["one.test"] = SITES["one.test"] | {"time": "1s"}
    assert project.apply().returncode == 0
    ask = "curl -s -m 20 -w '%{http_code}' -o /dev/null -H 'Host: one.test' --data-binary @- http://127.0.0.1/run.php"
    assert project.vps.run(ask, input="while (true) sleep(1);").stdout == "502"
    assert run(project, "one.test", "echo 'well';") == "well"


def test_nothing_is_left_but_data(project: Project) -> None:
    ours = [
        path
        for path in project.vps.run("cut -c 67- /var/lib/deploy/manifest").stdout.splitlines()
        if "two.test" in path
    ]
    assert len(ours) == 6
    del project.sites["two.test"]
    done = project.deploy("apply", "--yes", "--take-off", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path for path in ours if (project.vps.root / path[1:]).exists()] == []
    assert not (project.vps.root / "run/php/8.4-php-two_test.sock").exists()
    assert (project.vps.root / "var/www/two.test/config.php").exists()
    assert get(project, "one.test")[0] == 200
    assert "Nothing to change" in project.deploy("plan").stdout
