"""A server that speaks German, in Nepal's time, whose root shares nothing: the same comes out as at home.

Debian 13 is dressed as Ubuntu 26.04 besides.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.parts import sshd
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh
from vps.backup.conftest import Key, key
from vps.project import Project
from vps.security.conftest import PACKAGES
from vps.services.conftest import SCRIPTS
from vps.waiting import started, until_listening

__all__ = ["key"]
pytestmark = pytest.mark.takes_turns("commit", always=["debian-13"])  # the one that is dressed as Ubuntu
# As a provider's image or its owner would have set it up. Kathmandu is 5:45 ahead: no whole hours.
ABROAD = """
localedef -i de_DE -f UTF-8 de_DE.UTF-8
printf 'LANG=de_DE.UTF-8\\nLC_ALL=de_DE.UTF-8\\n' > /etc/locale.conf
ln -sf /usr/share/zoneinfo/Asia/Kathmandu /etc/localtime; echo Asia/Kathmandu > /etc/timezone
printf 'umask 077\\nexport LC_ALL=de_DE.UTF-8\\n' > /root/.bashrc
sed -i 's/^UMASK.*/UMASK 077/' /etc/login.defs
mount -o remount,hidepid=2 /proc
mount -t tmpfs -o noexec,nosuid,mode=1777 tmpfs /tmp
sed -i '/^Subsystem/d' /etc/ssh/sshd_config
echo MaxSessions 2 > /etc/ssh/sshd_config.d/90-provider.conf
systemctl set-environment LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8
systemctl restart ssh cron nginx
"""
# What of Ubuntu can be had on Debian: programs in Rust (coreutils 0.0.30, older than Ubuntu's 0.8.0, where cp, mv and rm are
# GNU's), systemd listening for sshd, whose own `Port` then opens nothing, and what cloud-init writes.
UBUNTU = r"""
for program in /usr/lib/cargo/bin/coreutils/*; do
    case ${program##*/} in cp | mv | rm) ;; *) ln -sf "$program" /usr/bin/ ;; esac
done
ln -sf /usr/lib/cargo/bin/sudo /usr/bin/sudo
ln -sf /usr/lib/cargo/bin/visudo /usr/sbin/visudo
useradd --create-home --shell /bin/bash ubuntu
echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | install -m 440 /dev/stdin /etc/sudoers.d/90-cloud-init-users
install -d -o ubuntu -g ubuntu -m 700 /home/ubuntu/.ssh
install -o ubuntu -g ubuntu -m 600 /root/.ssh/authorized_keys /home/ubuntu/.ssh/
cp /root/.bashrc /home/ubuntu/.bashrc
echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/50-cloud-init.conf
echo PasswordAuthentication no > /etc/ssh/sshd_config.d/60-cloudimg-settings.conf
echo Port 2222 > /etc/ssh/sshd_config.d/95-port.conf
sed -i 's/^ID=.*/ID=ubuntu/; s/^VERSION_ID=.*/VERSION_ID="26.04"/' /etc/os-release
systemctl disable --quiet --now ssh 2>/dev/null; systemctl enable --quiet --now ssh.socket
"""


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """A server abroad."""
    ubuntus = ("needrestart", "rust-coreutils", "sudo-rs") if release == "debian-13" else ()
    with Machine.boot(release, (*PACKAGES, "locales", *ubuntus)) as machine:
        machine.run(ABROAD)
        if dressed(machine):
            machine.run(UBUNTU)
            lock = 'command="echo \'Please login as the user \\"ubuntu\\" rather than root.\';exit 142"'
            keys = machine.root / "root/.ssh/authorized_keys"
            keys.write_text(f"{lock} {keys.read_text()}")
        yield machine


def user(vps: Machine) -> str:
    """Who logs in."""
    return "ubuntu" if dressed(vps) else "root"


def dressed(vps: Machine) -> bool:
    """Whether it passes for an Ubuntu: its root cannot log in."""
    return vps.release == "debian-13"


@pytest.fixture(scope="module")
def project(vps: Machine, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's folder with a page, and a folder to back up, not yet applied."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    vps.run("mkdir -p /srv/photos; echo Grüße > /srv/photos/one")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "ci"], check=True)
    public = (folder / "ci.pub").read_text().strip()
    more = {
        "server": {"host": vps.address, "host_key": vps.host_key, "key": str(vps.key), "user": user(vps)},
        "keys": {"ci": {"public": public, "push": ["key.test"]}},
        "backups": {"recipient": "key.asc", "folders": {"photos": ["/srv/photos"]}},
        "security": {
            "ssh": {"allow_users": []},
            "undo_after": "60s",
            "fail2ban": {"ignore": [vps.network.host]},
        },
    }
    made = Project(folder, vps, None, {}, more)
    page = made.repository("page", {"index.html": "eins"})
    made.sites["page.test"] = {"kind": "static", "repository": page, "https": False}
    made.sites["key.test"] = {"kind": "static", "repository": "https://git.example.org/a.git", "https": False}
    return made


def test_the_server_is_what_it_is_said_to_be(vps: Machine, project: Project) -> None:
    """Where a login of ours comes out elsewhere, the others here would prove nothing."""
    said, _ = started(vps, "umask; date +%z; cat /nowhere; grep x /nowhere", user=user(vps)).communicate()
    assert said.split("\n")[:2] == ["0077", "+0545"]
    assert "Datei oder Verzeichnis nicht gefunden" in said
    assert "hidepid=" in vps.run("grep ' /proc proc ' /proc/mounts | tail -1").stdout
    assert "noexec" in vps.run("grep ' /tmp ' /proc/mounts | tail -1").stdout
    assert vps.run("sshd -T | grep -E '^(maxsessions|subsystem)'").stdout == "maxsessions 2\n"
    of = vps.run("readlink -f /usr/bin/date /usr/bin/sudo; systemctl is-active ssh.socket", check=False)
    found = [word in of.stdout for word in ("/usr/bin/coreutils", "cargo/bin/sudo", "\nactive")]
    assert found == 3 * [dressed(vps)], of.stdout
    refused, _ = started(vps, "true", user="root").communicate()
    assert ('Please login as the user "ubuntu"' in refused) == dressed(vps)


def test_everything_works_abroad(vps: Machine, project: Project, key: Key) -> None:
    plan = project.deploy("plan")
    assert plan.returncode == 4, plan.stderr
    done = project.deploy("push", "page.test", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("page.test", scheme="http") == (200, "eins")
    assert project.apply().returncode == 0
    assert project.plan()["empty"]
    project.commit("page", {"index.html": "zwei", "more/bild.html": "bild"})
    done = project.deploy("push", "page.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("page.test", "/more/bild.html", scheme="http") == (200, "bild")
    releases = json.loads(project.deploy("releases", "page.test", "--json").stdout)
    pushed = [datetime.fromisoformat(each["time"]) for each in releases]
    assert all(timedelta() <= datetime.now(UTC) - each < timedelta(minutes=30) for each in pushed)
    assert project.deploy("rollback", "page.test").returncode == 0
    assert project.get("page.test", scheme="http") == (200, "eins")
    by_hand(vps, project, *(each["release"] for each in releases))
    written = vps.run(
        "sha256sum --check --quiet /var/lib/deploy/manifest && sed 's/^.\\{66\\}//' /var/lib/deploy/manifest"
    )
    modes = vps.run("xargs -d '\\n' stat -c '%a %n'", input=written.stdout).stdout.split("\n")
    assert [line for line in modes if re.match(r"6[04]0 |[67]00 |[67]11 ", line) and "/nginx/" in line] == []


def by_hand(vps: Machine, project: Project, newest: str, before: str) -> None:
    """A link that somebody sets is what counts, as docs/by-hand.md says; with what the shell completes."""
    vps.run(f"ln -sfn /srv/deploy/page.test/releases/{newest}/ /var/www/page.test")
    (site,) = json.loads(project.deploy("status", "page.test", "--json").stdout)["sites"]
    assert (site["release"], newest.endswith(site["revision"][:7])) == (newest, True)
    refused = project.deploy("rollback", "page.test")
    assert f"✗ rollback: {newest}, the one before, is live already, by a link made by hand" in refused.stderr
    assert project.deploy("rollback", "page.test", "--to", before).returncode == 0


def test_backup_and_restore_abroad(vps: Machine, project: Project, key: Key) -> None:
    done = project.deploy("backup", "photos")
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = json.loads(project.deploy("backup", "--list", "--json").stdout)["archives"]
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(made["time"]) < timedelta(minutes=30)
    vps.run("rm /srv/photos/one")
    done = project.deploy("restore", "photos", "--yes", GNUPGHOME=str(key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run("cat /srv/photos/one").stdout == "Grüße\n"


def test_a_unit_that_does_not_reload_says_why_itself(vps: Machine, project: Project) -> None:
    drop_in = "/etc/systemd/system/fail2ban.service.d/owner.conf"
    refusal = "[Service]\nExecReload=\nExecReload=/bin/sh -c 'echo the owner broke it; exit 1'\n"
    vps.run(f"install -D -m 644 /dev/stdin {drop_in}; systemctl daemon-reload", input=refusal)
    project.more["security"]["fail2ban"]["ignore"].append("192.0.2.1")
    done = project.apply()
    assert (done.returncode, "Everything is as it was." in done.stderr) == (1, True), done.stderr
    assert re.search("Job for fail2ban.service failed.*\n(    .*\n)* *the owner broke it\n", done.stderr), (
        done.stderr
    )
    assert "systemctl status" not in done.stderr
    vps.run(f"rm {drop_in}; systemctl daemon-reload; systemctl restart fail2ban")
    assert project.apply().returncode == 0


def test_a_restricted_key_abroad(vps: Machine, project: Project) -> None:
    reach = [*ssh(project.folder / "ci", vps.known_hosts), f"deploy@{vps.address}"]
    told = subprocess.run([*reach, "status"], capture_output=True, text=True, check=False)
    assert (told.returncode, "! key.test: waits for its first push\n" in told.stdout) == (1, True), told
    refused = subprocess.run([*reach, "push page.test"], capture_output=True, text=True, check=False)
    assert (refused.returncode, "it may push: key.test" in refused.stderr) == (2, True), refused


def test_a_container_without_health_check_counts_as_up_abroad(vps: Machine) -> None:
    """Only its `date` matters: it reads what Docker writes, in microseconds, which 0.0.30 gets wrong by some."""
    ask = "source /dev/stdin; microseconds 2026-11-28T21:00:00.123456789Z; microseconds 2026-11-29T02:45:00+05:45"
    health = (SCRIPTS / "lib/composition/health").read_text()
    moments = [int(each) for each in vps.run(ask, input=health).stdout.split()]
    assert moments == pytest.approx([1795899600_123456, 1795899600_000000], rel=0, abs=5_000_000)


def test_status_and_audit_abroad(vps: Machine, project: Project) -> None:
    place = "/etc/letsencrypt/live/old.test"
    vps.run(
        f"mkdir -p {place}; openssl req -x509 -newkey ed25519 -nodes -keyout {place}/privkey.pem -out "
        f"{place}/cert.pem -days 3 -subj /CN=old.test -addext subjectAltName=DNS:old.test"
    )
    health = json.loads(project.deploy("status", "--json").stdout)
    site = next(each for each in health["sites"] if each["domain"] == "page.test")
    assert (site["fine"], site["status"]) == (True, 200)
    (photos,) = health["backups"]
    assert photos["fine"], photos
    assert health["memory"][0] > 0
    assert health["uptime"] > 0
    done = project.deploy("audit", "--json")
    found = {each["what"] for each in json.loads(done.stdout)["findings"]}
    # uutils' date 0.0.30 adds up to a second to what it reads
    assert found & {f"the certificate old.test expires in {days} days" for days in (2, 3)}, found
    about = ("photos", "edited by hand", "firewall", "fail2ban", "sshd", "listens", "no security updates")
    assert not [what for what in found if any(word in what for word in about)], found
    checks = {each["name"]: each for each in json.loads(project.deploy("doctor", "--json").stdout)["checks"]}
    assert re.fullmatch(
        r"[0-9.]+ of [0-9.]+ GB free, how fast it fills is known after three days", checks["disk"]["words"]
    )
    assert checks["backups"]["words"].startswith("1 name, none older than ")
    assert [each["serious"] for each in checks["certificates"]["findings"]] == [False]
    assert all(checks[name]["words"] for name in ("sites", "logs", "memory", "release")), checks
    assert checks["clock"]["findings"] == []


def test_ssh_moves_also_where_systemd_listens_for_it(vps: Machine, project: Project) -> None:
    """The last one here: from then on it listens elsewhere."""
    if not dressed(vps):
        return
    unheard = (
        "sshd's files say port 2222, and open nothing by that: systemd listens for sshd (ssh.socket), on 22"
    )
    assert any(unheard in note for note in project.plan()["notes"])
    functions = Path(sshd.__file__).with_suffix(".sh").read_text()
    often = "reload_ssh; " * 6 + "move_ssh_socket; " * 6  # systemd refuses a sixth start in ten seconds
    vps.run(f"sleep() {{ :; }}\n{functions}\n{often}")
    assert vps.run("systemctl is-active ssh.socket", check=False).stdout == "active\n"
    listens = "ss -Hltn '( sport = :22 or sport = :2200 )' | sed -E 's/.*:(22|2200) .*/\\1/' | sort -u | paste -sd ' '"
    project.more["security"]["ssh"]["port"] = 2200
    vps.run("systemd-run --quiet --unit=squatter python3 -m http.server 2200")
    until_listening(vps, 2200)
    done = project.apply()
    assert (done.returncode, "Everything is as it was" in done.stderr) == (1, True), done.stderr
    vps.run("systemctl stop squatter")
    assert vps.run(listens).stdout == "22\n"
    assert "deploy.conf" not in vps.run("ls /etc/systemd/system/ssh.socket.d", check=False).stdout
    done = project.apply()
    assert done.returncode == 0, done.stderr
    assert vps.run(listens).stdout == "22 2200\n"
    assert project.plan()["empty"]
    project.more["server"]["port"] = 2200
    done = project.apply()
    assert done.returncode == 0, done.stderr
    assert vps.run(listens).stdout == "2200\n"
    plan = project.plan()
    assert (plan["empty"], plan["notes"]) == (True, [])
