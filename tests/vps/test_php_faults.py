"""A kill or a power cut while sites on PHP are made, changed, removed and restored."""

from collections.abc import Callable
from multiprocessing.process import BaseProcess

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.test_php import QUERY, RUN, get, put, run, vps
from vps.waiting import until
from vps.walk.moments import KILL

pytestmark = pytest.mark.in_turns("kinds", of="modules")

__all__ = ["key", "vps"]
PHP = {"kind": "php", "https": False, "database": "mariadb"}
PUSHED = {
    "kind": "php",
    "https": False,
    "repository": "shop",
    "build": "build.sh",
    "writable": ["up"],
}
BUILD = """#!/bin/bash
set -eu
[ ! -e "$PWD/held" ] || sleep 301
cp ./*.php "$DEPLOY_OUTPUT"/
echo "<?php return 'built';" >"$DEPLOY_OUTPUT"/built.php
"""
HELD = """<?php
$asks = $_SERVER['HTTP_USER_AGENT'] == 'deploy' ? 'pool' : 'visitor';
while (file_exists(__DIR__ . "/up/hold-$asks")) { touch(__DIR__ . '/up/held'); usleep(10000); clearstatcache(); }
echo require __DIR__ . '/built.php', ' ';
require __DIR__ . '/says.php';
"""
UP = "/opt/shop.test/writable/up"
HOLD = "/run/systemd/system/php8.4-fpm.service.d/zz-held.conf"
HELD_RELOAD = "[Service]\nExecReload=\nExecReload=/bin/bash -c 'touch /run/held; exec sleep 300'\n"
LOCK_TABLES = "mariadb -e 'FLUSH TABLES WITH READ LOCK; SELECT SLEEP(600)'"
LOCKED = "mariadb -Ne 'SHOW PROCESSLIST' | grep -q 'Waiting for'"


@pytest.fixture(scope="module")
def project(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with two sites on PHP and a database each, which is backed up."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    sites = {"one.test": {**PHP, "writable": ["up"]}, "two.test": dict(PHP)}
    more = {"backups": {"recipient": "key.asc"}}
    project = Project(folder, vps, None, {**sites, "shop.test": dict(PUSHED)}, more)
    project.repository("shop", {"build.sh": BUILD, "index.php": HELD, "says.php": "<?php echo 'first';"})
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for domain in sites:
        put(vps, f"{domain}/run.php", RUN)
        put(vps, f"{domain}/index.php", f"<?php echo '{domain}';")
    return project


def power_cut(vps: Machine, process: BaseProcess) -> None:
    process.kill()
    vps.restart()
    until(vps, "! systemctl is-active nginx php8.4-fpm mariadb | grep -vx active")


def kill(vps: Machine, process: BaseProcess) -> None:
    vps.run(KILL, check=False)


Blow = Callable[[Machine, BaseProcess], None]
BLOWS = pytest.mark.parametrize("blow", [kill, power_cut], ids=["kill", "power"])


def met(project: Project, condition: str, blow: Blow) -> Callable[[BaseProcess], None]:
    """What strikes a command when this is true on the server."""

    def meanwhile(process: BaseProcess) -> None:
        until(project.vps, condition)
        blow(project.vps, process)

    return meanwhile


def both_answer(project: Project) -> None:
    for domain in ("one.test", "two.test"):
        assert get(project, domain) == (200, domain)
        assert run(project, domain, QUERY.format(f"php-{domain.replace('.', '_')}", "tea")) != ""


def children(project: Project) -> str:
    return project.vps.run("grep -h max_children /etc/php/8.4/fpm/pool.d/{one,two}.test.conf").stdout


@pytest.mark.in_turns
@BLOWS
@pytest.mark.fault(
    "a kill or a power cut while PHP-FPM is told of a site that changes and one that goes", rounds=2
)
def test_struck_while_php_reloads(project: Project, blow: Blow) -> None:
    vps, sites = project.vps, dict(project.sites)
    before = children(project)
    vps.run(
        f"mkdir -p {HOLD.rpartition('/')[0]}; printf '%s' \"{HELD_RELOAD}\" >{HOLD}; systemctl daemon-reload; rm -f /run/held"
    )
    project.sites["one.test"] = project.sites["one.test"] | {"processes": 9}
    del project.sites["two.test"]
    project.deploy(*["apply", "--yes", "--take-off", "1"], meanwhile=met(project, "[ -e /run/held ]", blow))
    vps.run(f"rm -f {HOLD}; systemctl daemon-reload; pkill -f 'sleep 300'", check=False)
    project.sites = sites
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert children(project) == before
    both_answer(project)
    assert "Nothing to change" in project.deploy("plan").stdout


@pytest.mark.in_turns
@BLOWS
@pytest.mark.fault("a kill or a power cut while a site on PHP is given its database", rounds=2)
def test_struck_while_a_database_is_made(project: Project, blow: Blow) -> None:
    vps = project.vps
    vps.run(f"({LOCK_TABLES}) >/dev/null 2>&1 &")
    project.sites["three.test"] = dict(PHP)
    project.deploy("apply", "--yes", meanwhile=met(project, LOCKED, blow))
    vps.run("pkill -f FLUSH", check=False)
    both_answer(project)
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    put(vps, "three.test/run.php", RUN)
    assert run(project, "three.test", QUERY.format("php-three_test", "milk")) == "milk "
    del project.sites["three.test"]
    assert project.deploy("apply", "--yes", "--take-off", "1").returncode == 0
    vps.run("mariadb -e 'DROP DATABASE `php-three_test`; DROP USER `php-three_test`@localhost'")


@pytest.mark.in_turns
@BLOWS
@pytest.mark.fault("a kill or a power cut while a site on PHP is restored", rounds=2)
def test_struck_in_a_restore(project: Project, key: Key, blow: Blow) -> None:
    vps = project.vps
    query = QUERY.format("php-one_test", "saved")
    run(project, "one.test", f"{query}; file_put_contents('/var/www/one.test/up/photo', 'saved');")
    assert project.deploy("backup", "one.test").returncode == 0
    run(
        project,
        "one.test",
        f"{query.replace('saved', 'later')}; file_put_contents('/var/www/one.test/up/photo', 'later');",
    )
    vps.run(f"({LOCK_TABLES}) >/dev/null 2>&1 &")
    until(vps, "mariadb -Ne 'SHOW PROCESSLIST' | grep -q SLEEP")

    def strike(vps: Machine, process: BaseProcess) -> None:
        if blow is power_cut:
            power_cut(vps, process)
        else:
            vps.run("pkill -KILL -f bin/restore", check=False)

    project.deploy(
        *("restore", "one.test", "--yes"),
        meanwhile=met(project, LOCKED, strike),
        GNUPGHOME=str(key.home),
    )
    vps.run("pkill -f FLUSH", check=False)
    vps.run("/usr/local/lib/deploy/bin/resume", check=False)
    until(vps, "! systemctl is-active --quiet deploy-resume")
    both_answer(project)
    photo = run(project, "one.test", "echo file_get_contents('/var/www/one.test/up/photo');")
    rows = run(project, "one.test", QUERY.format("php-one_test", "now"))
    assert (photo, "later" in rows) == ("later", True), (photo, rows)
    said = project.deploy("restore", "one.test", "--yes", GNUPGHOME=str(key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    assert run(project, "one.test", "echo file_get_contents('/var/www/one.test/up/photo');") == "saved"
    assert "later" not in run(project, "one.test", QUERY.format("php-one_test", "now"))


@pytest.mark.in_turns
@BLOWS
@pytest.mark.parametrize("moment", ["build", "pool", "visitor"])
@pytest.mark.fault(
    "a push of a site on PHP is killed, or the power goes in it: in its build, before and after the switch",
    rounds=6,
)
def test_struck_in_a_push(project: Project, blow: Blow, moment: str) -> None:
    """Whoever asks gets all of one release, what PHP has written stays, and the next push goes live."""
    vps = project.vps
    project.commit("shop", {"says.php": "<?php echo 'before';"})
    assert project.deploy("push", "shop.test").returncode == 0
    vps.run(f"echo kept >{UP}/kept; rm -f {UP}/held")
    held = f"[ -e {UP}/held ]"
    if moment == "build":
        project.commit("shop", {"held": ""})
        held = "pgrep -f '^sleep 301'"
    else:
        vps.run(f"touch {UP}/hold-{moment} && chown php-shop_test: {UP}/hold-{moment}")
    project.commit("shop", {"says.php": f"<?php echo 'struck in {moment}';"})

    def strike(vps: Machine, process: BaseProcess) -> None:
        if blow is power_cut:
            power_cut(vps, process)
        else:
            vps.run("pkill -KILL -f bin/push", check=False)

    project.deploy("push", "shop.test", meanwhile=met(project, held, strike))
    vps.run(f"rm -f {UP}/hold-*")
    after = "before" if moment != "visitor" else f"struck in {moment}"
    assert project.get("shop.test", scheme="http") == (200, f"built {after}")
    (project.folder / "shop/held").unlink(missing_ok=True)
    project.commit("shop", {"says.php": f"<?php echo 'after {moment}';"})
    done = project.deploy("push", "shop.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("shop.test", scheme="http") == (200, f"built after {moment}")
    assert vps.run(f"cat {UP}/kept; ls -A /srv/deploy/shop.test/work", check=False).stdout == "kept\n"
    both_answer(project)
