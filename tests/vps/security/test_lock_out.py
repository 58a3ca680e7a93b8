"""Really locking oneself out: what was there before works again, whatever becomes of the tool and the script."""

import time
from collections.abc import Iterator

import pytest

from deployer.errors import DeployError
from deployer.parts.sshd import SSHD
from deployer.rehearsal.machine import Machine
from deployer.server.connection import Server
from deployer.server.login import connect
from deployer.tasks import guard
from deployer.tasks.apply import transact
from deployer.tasks.observe import observe
from typed import forked
from vps.project import Project
from vps.security.conftest import can_log_in
from vps.security.killed import WRONG, make, mistake
from vps.waiting import until, until_free

pytestmark = pytest.mark.takes_turns("module")

LOCK = "/var/lib/deploy/lock"


@pytest.fixture
def server(vps: Machine, project: Project) -> Iterator[Server]:
    """A connection from before the change."""
    with connect(vps.address, vps.port, vps.user, vps.host_key, vps.key) as connected:
        yield connected


def state(vps: Machine) -> str:
    """What decides who is let in, as it counts now."""
    return vps.run(
        "sshd -T; ufw status; cat /etc/deploy/firewall /etc/ssh/sshd_config.d/00-deploy.conf"
    ).stdout


@pytest.mark.in_turns
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.fault("a change of SSH or the firewall locks out")
def test_a_mistake_is_undone_as_soon_as_the_new_login_fails(
    vps: Machine, project: Project, server: Server, wrong: str
) -> None:
    before = state(vps)
    seen = observe(server, [])
    lines: list[str] = []
    with pytest.raises(DeployError, match="nothing was changed"):
        transact(server, mistake(seen.files, *WRONG[wrong], 60), lines.append)
    assert any(line.startswith("✗ nobody could log in under the new rules: ") for line in lines), lines
    assert lines[-1] == "Everything is as it was."
    assert can_log_in(vps)
    assert state(vps) == before
    assert (
        vps.run(
            "ls /var/lib/deploy | grep guard; systemctl list-timers --all | grep undo", check=False
        ).stdout
        == ""
    )
    assert project.plan()["empty"]


@pytest.mark.in_turns("cut off")
@pytest.mark.parametrize(("wrong", "also_the_script"), [("users", True), ("firewall", False)])
@pytest.mark.fault("an apply that locks out is killed")
def test_what_is_killed_in_between_is_undone_by_a_timer(
    vps: Machine, project: Project, server: Server, wrong: str, also_the_script: bool
) -> None:
    before = state(vps)
    killed(vps, wrong, 25)  # more than the rules take on a busy machine
    if also_the_script:
        server.ask("pkill -KILL -f 'deploy [w]ait|^bash -c eval'; sleep 0.1")
    assert not can_log_in(vps, within=3)  # before it is undone
    until(vps, f"[ ! -e {guard.GUARD} ] && [ ! -e {guard.GUARD}.undoing ]")
    # sshd keeps those away for some seconds who failed to log in: asking all the time would only prolong it
    for _ in range(20):
        if can_log_in(vps):
            break
        time.sleep(6)
    else:
        pytest.fail("nobody can log in after the change was undone")
    if also_the_script:
        assert project.plan()["interrupted"]
        assert project.apply().returncode == 0
    else:
        until_free(vps, LOCK)  # the apply whose caller is gone has put everything back
    assert state(vps) == before
    assert project.plan()["empty"]


def killed(vps: Machine, wrong: str, undo_after: int) -> None:
    """A tool that makes this mistake, and is killed when it is asked to log in anew."""
    assert forked(make, vps.address, vps.host_key, vps.key, wrong, undo_after) == -9


def test_while_it_waits_a_second_plan_says_so_and_two_minutes_are_the_limit(
    vps: Machine, project: Project, server: Server
) -> None:
    killed(vps, "harmless", 120)
    plan = project.plan()
    assert 100 < plan["armed"] <= 120
    assert "waits for a new login" in project.deploy("plan").stdout
    assert "another apply is running" in project.apply().stderr
    left = "systemctl show deploy-undo.timer --property=NextElapseUSecMonotonic --value; cut -d. -f1 /proc/uptime"
    assert vps.run(left).stdout.count("\n") == 2
    assert "8448" in vps.run("ufw status").stdout
    vps.run("bash /var/lib/deploy/guard/undo")
    until_free(vps, LOCK)
    assert "8448" not in vps.run("ufw status").stdout
    assert project.plan()["empty"]


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the server restarts while a change waits for a new login")
def test_a_restart_in_between_undoes_it_too(vps: Machine, project: Project, server: Server) -> None:
    killed(vps, "harmless", 60)
    server.ask("pkill -KILL -f 'deploy [w]ait|^bash -c eval'")
    vps.run("systemctl stop deploy-undo.timer")  # it is gone after a restart
    assert (
        "deploy-undo-at-start.service" in vps.run("systemctl show --property=Wants multi-user.target").stdout
    )
    vps.run("systemctl start deploy-undo-at-start.service")
    assert "8448" not in vps.run("ufw status").stdout
    assert project.apply().returncode == 0
    assert project.plan()["empty"]


def listens(vps: Machine) -> set[str]:
    """Where sshd takes logins."""
    return set(vps.run("ss -Hltnp | grep sshd | grep -oE ':[0-9]+ ' | tr -d ': '").stdout.split())


def test_a_port_written_by_hand_is_told_and_no_change_of_ssh_goes_there(
    vps: Machine, project: Project
) -> None:
    before = state(vps)
    vps.run("echo Port 2200 > /etc/ssh/sshd_config.d/port.conf")
    try:
        assert "! we are logged in on port 22, but sshd's files say 2200" in project.deploy("plan").stdout
        project.more["security"]["ssh"] = {"allow_users": ["root"]}
        done = project.apply()
        assert done.returncode == 1
        assert "/etc/ssh/sshd_config.d/port.conf:1:Port 2200" in done.stderr
        assert "nothing was changed" in done.stderr
        assert listens(vps) == {"22"}
        assert can_log_in(vps)
        del project.more["security"]["ssh"]
        assert project.apply().returncode == 0  # the firewall needs no reload of SSH, and lets in both
        assert "2200/tcp" in vps.run("ufw status").stdout
    finally:
        project.more["security"].pop("ssh", None)
        vps.run("rm /etc/ssh/sshd_config.d/port.conf")
    assert project.apply().returncode == 0
    assert state(vps) == before


def test_when_undoing_moves_sshd_the_firewall_lets_it_in_and_the_user_is_told(
    vps: Machine, project: Project, server: Server
) -> None:
    seen = observe(server, [])
    lines: list[str] = []

    def receive(line: str) -> None:
        lines.append(line)
        if line == "▸ new login":  # the worst moment: after the look, before the undoing
            server.ask("echo Port 2200 > /etc/ssh/sshd_config.d/port.conf")

    try:
        with pytest.raises(DeployError):
            transact(server, mistake(seen.files, *WRONG["port"], 60), receive)
        assert any("sshd now listens on 2200, no longer on 22" in line for line in lines), lines
        assert "Everything is as it was." not in lines
        assert "2200/tcp" in server.ask("ufw status").output.decode()
    finally:
        server.ask("rm /etc/ssh/sshd_config.d/port.conf; systemctl restart ssh")
    assert can_log_in(vps)
    assert project.apply().returncode == 0
    assert "2200" not in vps.run("ufw status").stdout


def test_ssh_moves_to_another_port_as_the_documentation_says(vps: Machine, project: Project) -> None:
    project.more["security"] = (before := project.more["security"]) | {"ssh": {"port": 2222}}
    done = project.apply()
    assert done.returncode == 0, done.stderr
    assert "SSH listens on 22 and on 2222, until sites.yaml has `port: 2222` below `server:`" in done.stdout
    assert "2222/tcp" in vps.run("ufw status").stdout
    assert "port = 22,2222" in vps.run("cat /etc/fail2ban/jail.d/deploy.local").stdout
    assert (plan := project.plan())["empty"]
    assert any("until sites.yaml has `port: 2222`" in note for note in plan["notes"]), "the second step waits"
    moved = {"host": vps.address, "host_key": vps.host_key, "key": str(vps.key), "port": 2222}
    project.more["server"] = moved
    try:
        done = project.apply()
        assert done.returncode == 0, done.stderr
        assert not can_log_in(vps)
        assert project.plan()["empty"]
        assert "22/tcp" not in vps.run("ufw status | sed 's/2222/moved/g'").stdout
    finally:
        with connect(vps.address, 2222, vps.user, vps.host_key, vps.key) as there:
            there.ask(f"ufw allow 22/tcp; sed -i '/^Port/d' {SSHD}; systemctl restart ssh")
        del project.more["server"]
        project.more["security"] = before
    assert project.apply().returncode == 0
    assert can_log_in(vps)
    assert "2222" not in vps.run("ufw status").stdout
