"""An audit of a server that is bad on purpose: each thing is found, and once mended, found no more."""

import json
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")

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
