"""The whole baseline, as a stranger sees it: what answers, who is let in, and who is shut out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal import shell
from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.security.conftest import Stranger, can_log_in
from vps.waiting import journal, until

pytestmark = pytest.mark.takes_turns("module")

SSH_AUDIT = Path(sys.executable).with_name("ssh-audit")
LISTENERS = (
    "for port in 3306 8080 9000; do setsid python3 -m http.server $port >/dev/null 2>&1 </dev/null & done"
)
PROBE = """
import socket, struct, sys

for number in range(14):
    with socket.create_connection((sys.argv[1], 22), timeout=30) as probe:
        assert probe.recv(256).startswith(b"SSH-")
        if number % 2:  # goes away with a reset, as some do that know enough
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""
# An audit of a server that is bad on purpose: each thing is found, and once mended, found no more.
BAD = """
printf 'PasswordAuthentication yes\\nPermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/00-bad.conf
systemctl restart ssh
useradd --create-home berta; passwd --delete berta
useradd --create-home carla; mkdir ~carla/.ssh; mkfifo ~carla/.ssh/authorized_keys
ln -s /dev/zero ~carla/.ssh/authorized_keys2
useradd --non-unique --uid 0 toor
echo 'berta ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/bad
mkdir -p /opt/app /root/.ssh && echo SECRET=1 > /opt/app/.env && chmod 644 /opt/app/.env
ssh-keygen -q -t ed25519 -N '' -C eve -f /tmp/eve && cat /tmp/eve.pub >> /root/.ssh/authorized_keys
setsid python3 -m http.server 9000 >/dev/null 2>&1 </dev/null &
systemctl stop fail2ban; ufw --force disable; touch /run/reboot-required
echo '# edited' >> /etc/nginx/deploy/headers.conf
"""
FOUND = {
    "sshd says: passwordauthentication yes": True,
    "root may log in with a password": True,
    "berta has an empty password": True,
    "toor has the number 0: it is root by another name": True,
    "sudo asks no password of berta: ALL=(ALL) NOPASSWD: ALL": True,
    "everybody on the server can read /opt/app/.env": True,
    "python3 listens on 9000/tcp for everyone": True,
    "the firewall is off": True,
    "fail2ban is not running": True,
    "the server wants a restart": False,
    "/etc/nginx/deploy/headers.conf was edited by hand": False,
    "the key eve may log in as root": False,
}
MEND = """
rm -f /etc/ssh/sshd_config.d/00-bad.conf /etc/sudoers.d/bad /run/reboot-required /opt/app/.env
systemctl restart ssh; ufw --force enable; systemctl start fail2ban; pkill -f '[h]ttp.server 9000'
userdel berta; userdel --remove carla; sed -i '/^toor:/d' /etc/passwd /etc/shadow; sed -i '/ eve$/d' /root/.ssh/authorized_keys
"""


def failures(vps: Machine, stranger: Stranger) -> int:
    """How often fail2ban has counted somebody, once it has read all that sshd has to say of them."""
    until(vps, f"! ss -Htn state big dst {stranger.address} | grep .")
    later = stranger.elsewhere.stranger()  # the journal is read in its order
    later.log_in(user="later")
    until(vps, f"grep -F '[sshd] Found {later.address} ' /var/log/fail2ban.log")
    found = vps.run(f"grep -F '[sshd] Found {stranger.address} ' /var/log/fail2ban.log", check=False)
    return found.stdout.count("\n")


def is_shut_out(vps: Machine, stranger: Stranger) -> bool:
    """Whether fail2ban has banned somebody."""
    banned = vps.run("fail2ban-client status sshd | grep 'Banned IP'").stdout
    return stranger.address in banned.split()


def audited(project: Project) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what was found; updates that wait depend on the day."""
    done = project.deploy("audit", "--json")
    found = json.loads(done.stdout)["findings"]
    return done.returncode, {each["what"]: each for each in found if "updates wait" not in each["what"]}


def test_everything_bad_is_found(vps: Machine, project: Project) -> None:
    vps.run(BAD)
    code, found = audited(project)
    assert code == 1
    assert {what: each["serious"] for what, each in found.items()} == FOUND
    text = project.deploy("audit")
    assert text.returncode == 1
    assert "    mend: chmod go= /opt/app/.env" in text.stdout
    assert "✗ berta has an empty password" in text.stdout

    vps.run(MEND, check=False)
    assert project.apply().returncode == 0
    _, found = audited(project)
    assert found == {}


def test_only_what_is_declared_answers(vps: Machine, project: Project, stranger: Stranger) -> None:
    vps.run(LISTENERS)
    until(vps, "[ $(ss -Hltn | grep -cE ':(3306|8080|9000) ') = 3 ]")
    assert stranger.open_ports() == [22, 80, 443]
    project.more["security"]["firewall"] = {"allow": ["9000/tcp"]}
    assert project.apply().returncode == 0
    assert stranger.open_ports() == [22, 80, 443, 9000]
    del project.more["security"]["firewall"]
    assert project.apply().returncode == 0
    assert stranger.open_ports() == [22, 80, 443]


def test_a_rule_made_by_hand_is_seen_before_it_goes(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    vps.run(
        "ufw allow 8080/tcp; ufw limit 'OpenSSH'; ufw delete allow 443/tcp; ufw allow from 192.0.2.1 to any port 25"
    )
    plan = project.deploy("plan")
    assert plan.returncode == 4
    for line in (
        "~ firewall: no rule `allow 443/tcp`: add it",
        "~ firewall: rule `allow 8080/tcp` is not in sites.yaml: delete it",
        "~ firewall: rule `allow in 25 from 192.0.2.1` is not in sites.yaml: delete it",
        "~ firewall: rule `limit in 22/tcp from anyone (OpenSSH)` is not in sites.yaml: delete it",
    ):
        assert line in plan.stdout
    assert project.apply().returncode == 0
    assert stranger.open_ports() == [22, 80, 443]
    assert project.plan()["empty"]


def test_a_password_is_not_even_asked_for(project: Project, stranger: Stranger) -> None:
    said = stranger.log_in("-o", "PreferredAuthentications=password,keyboard-interactive").stderr
    assert "Permission denied (publickey)" in said


def test_what_counts_is_what_is_written(vps: Machine, project: Project) -> None:
    vps.run(
        "echo 'PasswordAuthentication yes' > /etc/ssh/sshd_config.d/50-cloud-init.conf; systemctl restart ssh"
    )
    assert "passwordauthentication no" in vps.run("sshd -T").stdout
    assert vps.run("cat /proc/sys/net/ipv4/conf/all/accept_redirects").stdout == "0\n"
    assert '"1"' in vps.run("apt-config dump APT::Periodic::Unattended-Upgrade").stdout
    assert "Automatic-Reboot-Time" not in vps.run("apt-config dump Unattended-Upgrade").stdout
    assert vps.run("unattended-upgrade --dry-run 2>&1; echo $?").stdout.endswith("0\n")
    jails = vps.run("fail2ban-client status").stdout
    assert "nginx-botsearch, nginx-http-auth, sshd" in jails


def test_a_second_apply_has_nothing_to_do(project: Project) -> None:
    assert project.deploy("apply").stdout.startswith("Nothing to change")


def test_the_audit_finds_nothing_serious(project: Project) -> None:
    done = project.deploy("audit", "--json")
    found = json.loads(done.stdout)["findings"]
    serious = [each for each in found if each["serious"] and "security updates wait" not in each["what"]]
    assert not serious


def test_who_does_not_know_the_host_key_and_goes_away_is_not_shut_out(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    wrong = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    for _ in range(7):
        said = stranger.run(*wrong, "-o", "UserKnownHostsFile=/dev/null", f"root@{stranger.server}", "true")
        assert "Host key verification failed" in said.stderr
    assert failures(vps, stranger) == 0
    assert journal(vps, "--unit=ssh", f"--grep={stranger.address} .*preauth").count("\n") >= 7
    assert not is_shut_out(vps, stranger)


def test_who_asks_for_the_host_keys_is_not_shut_out(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    scanned = stranger.run("ssh-keyscan", "-T", "30", stranger.server)
    assert "ssh-ed25519" in scanned.stdout, scanned
    assert failures(vps, stranger) == 0
    refused = journal(vps, "--unit=ssh", f"--grep={stranger.address} .*no matching host key")
    assert "Unable to negotiate" in refused
    assert not is_shut_out(vps, stranger)


def test_who_looks_whether_ssh_answers_is_not_shut_out(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    probed = stranger.run(sys.executable, "-c", PROBE, stranger.server)
    assert probed.returncode == 0, probed
    assert failures(vps, stranger) == 0
    assert journal(vps, "--unit=ssh", "--grep=kex_exchange_identification: .*Connection ").count("\n") >= 7
    assert not is_shut_out(vps, stranger)


def test_six_wrong_logins_and_the_address_is_shut_out(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    for name in ("admin", "root", "oracle", "test", "git", "alma"):
        stranger.log_in(user=name)
    until(vps, f"fail2ban-client status sshd | grep -wF {stranger.address}")
    assert 22 not in stranger.open_ports(below=100)
    assert can_log_in(vps)


def test_a_program_that_is_only_called_sshd_shuts_nobody_out(
    vps: Machine, project: Project, stranger: Stranger
) -> None:
    said = "Failed password for root from 203.0.113.9 port 41000 ssh2"
    vps.run("cp /usr/bin/logger /usr/local/bin/sshd")
    speaks = "setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/local/bin/sshd -p auth.info -t sshd"
    heard = f"journalctl --quiet _COMM=sshd _UID=65534 --grep '{said}'"  # some end before they are looked at
    vps.run(f"until [ $({heard} | wc -l) -ge 7 ]; do {speaks} '{said}'; done; rm /usr/local/bin/sshd")
    stranger.log_in(user="admin")
    assert failures(vps, stranger)  # so all that was before it has been read
    assert "203.0.113.9" not in vps.run("fail2ban-client status sshd; cat /var/log/fail2ban.log").stdout


def test_ssh_is_as_an_auditor_wants_it(vps: Machine, project: Project, stranger: Stranger) -> None:
    done = stranger.run(str(SSH_AUDIT), "-n", "-l", "warn", "--skip-rate-test", vps.address)
    told = [line for line in done.stdout.splitlines() if "[warn]" in line or "[fail]" in line]
    # Python's SSH, Go's and that of most phones have no exchange of keys that quantum computers cannot break
    assert told, done.stdout + done.stderr
    assert all("curve25519-sha256" in line and "post-quantum" in line for line in told), done.stdout


def test_what_is_switched_off_is_undone(vps: Machine, project: Project) -> None:
    safe = project.more.pop("security")
    plan = project.deploy("plan")
    assert "- /etc/ssh/sshd_config.d/00-deploy.conf" in plan.stdout
    assert "- /etc/deploy/firewall" in plan.stdout
    assert "! the firewall is turned off: " in plan.stdout
    assert "! fail2ban stops: " in plan.stdout
    assert "! SSH is again as the server's other files say: " in plan.stdout
    done = project.apply()
    assert done.returncode == 0, done.stderr
    assert "new login works under the new rules" in done.stderr
    assert "inactive" in vps.run("ufw status").stdout
    assert "passwordauthentication yes" in vps.run("sshd -T").stdout
    assert vps.run("systemctl is-active fail2ban", check=False).stdout == "inactive\n"
    assert vps.run("ls /var/lib/deploy").stdout.split() == ["before", "holder", "lock", "manifest"]
    assert project.plan()["empty"]
    for number in range(6):  # of whoever is logged in for the next apply
        wrong = [*shell.ssh(vps.key, vps.known_hosts), "-o", "PubkeyAuthentication=no"]
        subprocess.run([*wrong, f"user-{number}@{vps.address}", "true"], check=False, capture_output=True)
    project.more["security"] = safe | {"fail2ban": True}
    assert project.apply().returncode == 0
    assert vps.network.host not in vps.run("fail2ban-client get sshd banned").stdout
    assert can_log_in(vps)
    project.more["security"] = safe
    assert project.apply().returncode == 0
    assert project.plan()["empty"]
