"""What stands between the sites that run on PHP on one server: one's loop, crash or attack is nobody else's."""

import re
from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.test_php import PACKAGES, RUN, put, run

SITES = {
    "one.test": {"kind": "php", "https": False, "writable": ["up"], "database": "mariadb", "processes": 3},
    "two.test": {"kind": "php", "https": False, "database": "mariadb"},
}
POLICY = "passthru('chrt -p ' . getmypid());"
LOOP = "curl -s -m 60 -o /dev/null -H 'Host: one.test' --data-binary '{}' http://127.0.0.1/run.php"


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    with Machine.boot("debian-13", PACKAGES) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with two sites on PHP, where each runs whatever it is told."""
    project = Project(tmp_path_factory.mktemp("user"), vps, None, dict(SITES))
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for domain in SITES:
        put(vps, f"{domain}/run.php", RUN)
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
