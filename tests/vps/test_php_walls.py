"""What stands between the sites that run on PHP on one server: one's loop, crash or attack is nobody else's."""

import re

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.test_php import RUN, get, put, run, vps

__all__ = ["vps"]
SITES = {
    "one.test": {"kind": "php", "https": False, "writable": ["up"], "database": "mariadb", "processes": 3},
    "two.test": {"kind": "php", "https": False, "database": "mariadb"},
}
UPLOAD = "head -c 70000000 /dev/zero | curl -s -w ' %{http_code}' -H 'Host: two.test' --data-binary @- http://127.0.0.1/"
POLICY = "passthru('chrt -p ' . getmypid());"
LOOP = "curl -s -m 60 -o /dev/null -H 'Host: one.test' --data-binary '{}' http://127.0.0.1/run.php"


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with two sites on PHP, where each runs whatever it is told."""
    project = Project(tmp_path_factory.mktemp("user"), vps, None, dict(SITES))
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for domain in SITES:
        put(vps, f"{domain}/run.php", RUN)
        put(vps, f"{domain}/index.php", "<?php echo 'well';")
        put(vps, f"{domain}/config.php", f"<?php $password = 'secret of {domain}';")
    assert "Nothing to change" in project.deploy("plan").stdout
    return project


def until(vps: Machine, condition: str) -> str:
    """What this says once it is true."""
    ask = f'for _ in {{1..600}}; do said=$({condition}) && break; sleep 0.05; done; echo "$said"'
    return vps.run(ask).stdout


def end(vps: Machine, user: str) -> None:
    """Whatever runs as this user."""
    vps.run(f"pkill -KILL -u {user}; while pgrep -u {user} >/dev/null; do sleep 0.05; done", check=False)


@pytest.mark.parametrize(
    "code",
    ["set_time_limit(0); while (true);", 'passthru("while :; do :; done");'],
    ids=["its own loop", "that of a program"],
)
@pytest.mark.fault("a request of PHP never ends", rounds=2)
def test_an_endless_loop_lets_all_others_go_first(project: Project, code: str) -> None:
    vps = project.vps
    assert "SCHED_OTHER" in run(project, "two.test", POLICY)
    vps.run(f"({LOOP.format(code)}) >/dev/null 2>&1 &")
    held = "for each in $(pgrep -u php-one_test); do chrt -p $each; done | grep -m 1 IDLE"
    assert "SCHED_IDLE" in until(vps, held)
    assert "SCHED_OTHER" in run(project, "two.test", POLICY)
    said = until(
        vps, "journalctl --sync; journalctl --no-pager -o cat -u deploy-hold-back | grep php-one_test"
    )
    assert "/var/www/one.test/run.php" in said
    end(vps, "php-one_test")


def test_no_site_has_php_make_code_of_the_processor_in_the_memory_of_all(project: Project) -> None:
    tried = "echo json_encode([@ini_set('opcache.jit', 'tracing'), ini_get('opcache.jit')]);"
    assert run(project, "one.test", tried) == '[false,"disable"]'


def test_what_a_request_works_on_is_in_large_pages_where_the_kernel_has_them(project: Project) -> None:
    run(project, "one.test", "echo 'well';")
    large = "grep -c '^VmFlags:.* hg' /proc/$(pgrep -u php-one_test | head -n 1)/smaps"
    assert int(project.vps.run(large).stdout) > 0


def test_who_waits_for_somebody_else_is_not_held_back(project: Project) -> None:
    vps = project.vps
    end(vps, "php-one_test")
    assert "SCHED_OTHER" in run(project, "one.test", f"sleep(3); {POLICY}")


def test_what_one_site_may_take_of_the_server_is_limited(project: Project) -> None:
    limits = run(project, "one.test", "passthru('cat /proc/self/limits /proc/self/oom_score_adj');")
    assert re.search(r"Max processes +512 +512 ", limits)
    assert limits.endswith("\n300\n")
    shown = project.vps.run("systemctl show -P OOMPolicy php8.4-fpm").stdout
    assert shown == "continue\n"


@pytest.mark.fault("a site on PHP starts programs without end")
def test_one_that_starts_programs_without_end_stops_nobody(project: Project) -> None:
    run(project, "one.test", "exec('for i in $(seq 600); do sleep 300 >/dev/null 2>&1 & done');")
    count = int(project.vps.run("pgrep -c -u php-one_test").stdout)
    assert 400 < count <= 512
    assert run(project, "two.test", "echo exec('echo well');") == "well"
    end(project.vps, "php-one_test")


@pytest.mark.fault("an upload to a site on PHP is larger than its limit")
def test_what_is_too_large_is_told_how_large_it_may_be(project: Project) -> None:
    said = project.vps.run(UPLOAD, check=False).stdout
    assert said == "This is too large: two.test takes 64M at once.\n 413"


@pytest.mark.fault("a site on PHP needs more processes or memory than it has")
def test_status_tells_what_a_site_has_too_little_of(project: Project) -> None:
    vps = project.vps
    assert "! one.test" not in project.deploy("status").stdout
    run(project, "one.test", "$all = []; while (true) $all[] = str_repeat('x', 1000000);")
    ask = LOOP.format('while (!file_exists("up/go")) { clearstatcache(); usleep(20000); }')
    # of several that come at once PHP-FPM may see one, and starts no more processes until another comes
    reached = "grep 'one.test. server reached max_children' /var/log/php8.4-fpm.log"
    assert until(vps, f"({ask}) >/dev/null 2>&1 & {reached}")
    put(vps, "one.test/up/go", "")
    said = project.deploy("status").stdout
    assert "! one.test: all processes that it may have were busy, " in said
    assert "! one.test: requests wanted more memory than each may use, " in said
    assert "! two.test" not in said


@pytest.mark.fault("PHP-FPM or a database does not run", rounds=2)
@pytest.mark.parametrize(
    ("unit", "why"),
    [("mariadb", "its database does not run"), ("php8.4-fpm", "php8.4-fpm.service does not run")],
)
def test_status_tells_what_does_not_run(project: Project, unit: str, why: str) -> None:
    project.vps.run(f"systemctl stop {unit}")
    done = project.deploy("status")
    assert f"✗ two.test: {why}" in done.stdout.replace("\n", " ")
    assert done.returncode == 1
    project.vps.run(f"systemctl start {unit}")
    assert "✗ two.test" not in project.deploy("status").stdout


@pytest.mark.fault("a database or its user was made by hand", rounds=2)
@pytest.mark.parametrize(
    ("by_hand", "why"),
    [
        ("CREATE DATABASE `php-three_test`", "MariaDB has a database php-three_test already, made by hand"),
        (
            'CREATE USER `php-three_test`@localhost IDENTIFIED BY "secret"',
            "MariaDB has a user php-three_test already, made by hand, who comes in by mysql_native_password",
        ),
    ],
)
def test_what_was_made_by_hand_in_a_database_is_given_to_nobody(
    project: Project, by_hand: str, why: str
) -> None:
    vps = project.vps
    vps.run(f"mariadb -e '{by_hand}'")
    project.sites["three.test"] = {"kind": "php", "https": False, "database": "mariadb"}
    project.sites["four.test"] = {"kind": "redirect", "https": False, "to": "https://example.org"}
    done = project.apply()
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert why in said.replace("\n", " "), said
    assert not (vps.root / "etc/php/8.4/fpm/pool.d/three.test.conf").exists()
    assert get(project, "four.test")[0] == 301
    vps.run(
        "mariadb -e 'DROP DATABASE IF EXISTS `php-three_test`; DROP USER IF EXISTS `php-three_test`@localhost'"
    )
    assert project.apply().returncode == 0
    del project.sites["three.test"], project.sites["four.test"]
    assert project.deploy("apply", "--yes", "--take-off", "2").returncode == 0
    vps.run("mariadb -e 'DROP DATABASE `php-three_test`; DROP USER `php-three_test`@localhost'")


@pytest.mark.fault("a database does not start for the site that wants a new one")
def test_where_the_database_does_not_start_nothing_is_half_done(project: Project) -> None:
    vps = project.vps
    vps.run("systemctl mask --now mariadb")
    project.sites["three.test"] = {"kind": "php", "https": False, "database": "mariadb"}
    done = project.apply()
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "mariadb" in said
    assert not (vps.root / "etc/php/8.4/fpm/pool.d/three.test.conf").exists(), said
    assert not (vps.root / "etc/nginx/conf.d/three.test.conf").exists()
    assert run(project, "two.test", "echo 'well';") == "well"
    vps.run("systemctl unmask mariadb && systemctl start mariadb")
    del project.sites["three.test"]
    assert project.apply().returncode == 0


SECRET = "secret of two.test"
TWO = "/var/www/two.test"
ESCAPES = {
    "a folder by glob": f"foreach (new DirectoryIterator('glob://{TWO}/*') as $each) echo $each, 'config.php';",
    "open_basedir that is set anew": "mkdir('/var/www/one.test/up/a'); chdir('/var/www/one.test/up/a');"
    " ini_set('open_basedir', '..'); for ($i = 0; $i < 6; $i++) chdir('..'); ini_set('open_basedir', '/');"
    f" echo file_get_contents('{TWO}/config.php');",
    "a filter": f"echo file_get_contents('php://filter/resource={TWO}/config.php');",
    "an address": f"echo file_get_contents('file://{TWO}/config.php');",
    "a program": f"passthru('cat {TWO}/config.php; cat /var/www/one.test/../two.test/config.php');",
    "a hard link": f"passthru('ln {TWO}/config.php up/hard.txt; cat up/hard.txt');",
    "the cache of code": f"include '{TWO}/config.php'; echo $password;",
    "a statement of SQL": "$d = new mysqli('localhost', getenv('DATABASE'), '', getenv('DATABASE'));"
    " $d->query('CREATE TABLE IF NOT EXISTS stolen (text TEXT)');"
    f" $d->query(\"LOAD DATA LOCAL INFILE '{TWO}/config.php' INTO TABLE stolen\");"
    f" $d->query(\"LOAD DATA INFILE '{TWO}/config.php' INTO TABLE stolen\");"
    " foreach ($d->query('SELECT text FROM stolen') as $row) echo $row['text'];",
    "the memory of what runs": "passthru('cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | grep -a two');",
    "a header for NGINX": f"header('X-Accel-Redirect: {TWO}/config.php');",
    "a session": "echo ini_set('session.save_path', '/opt/two.test/sessions');"
    " session_id('stolen'); session_start(); echo $_SESSION['secret'] ?? '';",
}


@pytest.mark.parametrize("code", ESCAPES.values(), ids=ESCAPES)
def test_hostile_php_sees_nothing_of_another_site(project: Project, code: str) -> None:
    own = "session_id('stolen'); session_start(); $_SESSION['secret'] = 'secret of two.test'; echo 'kept';"
    assert run(project, "two.test", own) == "kept"
    assert SECRET in run(project, "two.test", "echo file_get_contents('config.php');")
    shown = run(project, "one.test", f"try {{ {code} }} catch (Throwable $why) {{ echo get_class($why); }}")
    assert "two.test" not in re.sub(
        r"(?m)^.*(?:open_basedir|Failed to open|Failed opening|denied).*$", "", shown
    )
    assert SECRET not in shown


@pytest.mark.parametrize(
    "path", ["x/config.php", "x/index.php", "y.txt"], ids=["of a folder", "of code", "of a file"]
)
def test_a_link_leads_nobody_to_another_site(project: Project, path: str) -> None:
    run(
        project,
        "one.test",
        f"chdir('/var/www/one.test/up'); passthru('ln -sfn {TWO} x; ln -sf {TWO}/config.php y.txt');",
    )
    status, body = get(project, "one.test", f"/up/{path}")
    assert status in (403, 404)
    assert SECRET not in body


ATTEMPTS = {
    "write where it may only read": "touch /var/www/one.test/shell.php",
    "become another user": "su -c id -s /bin/sh php-two_test </dev/null",
    "leave a line for cron": "echo '* * * * * id' | crontab -",
    "end what another runs": "kill -9 $(systemctl show --property=MainPID --value php8.4-fpm)",
    "stop PHP": "systemctl --no-ask-password stop php8.4-fpm",
    "read secrets": "cat /opt/two.test/.env /etc/shadow /var/lib/deploy/manifest.key /etc/mysql/debian.cnf",
    "read the log of PHP": "cat /var/log/php8.4-fpm.log /run/deploy-php/php-two_test",
    "speak to another pool": "curl -s --unix-socket /run/php/8.4-php-two_test.sock http://x/",
    "speak to the usual pool": "curl -s --unix-socket /run/php/php8.4-fpm.sock http://x/",
    "read the memory of its own PHP": "head -c 1 /proc/$PPID/mem",
}


@pytest.mark.parametrize("command", ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_a_hostile_program_tries_fails(project: Project, command: str) -> None:
    said = run(
        project,
        "one.test",
        f"exec({command!r} . ' 2>&1', $lines, $code); echo $code, ' ', implode(' ', $lines);",
    )
    assert said.split()[0] not in ("", "0"), said
    assert run(project, "two.test", "echo 'well';") == "well"


def test_hostile_php_runs_no_code_of_the_processor_and_finds_no_value_of_others(project: Project) -> None:
    native = (
        "try { FFI::cdef('int getpid(void);')->getpid(); echo 'ran'; } catch (Throwable $why) { echo 'no'; }"
    )
    assert run(project, "one.test", native) == "no"
    known = {"PATH", "TMPDIR", "DATA_DIRECTORY", "DATABASE", "USER", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}
    environment = run(project, "one.test", "passthru('env');")
    assert {line.partition("=")[0] for line in environment.splitlines()} <= known
    shown = run(project, "one.test", "passthru('ps -e -o user:32=');")
    assert {*shown.split()} == {"php-one_test"}
