"""A server on which one thing after the other goes wrong: each is told with what mends it, and once mended no more."""

import json
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC022uwG5vjIQbBGX2S7cc/zOKqjEV4ELJCdhVS2xsKx"
SITES = {"old.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
CERTIFICATE = (
    "mkdir -p /etc/letsencrypt/{{live/{0},renewal}}; echo > /etc/letsencrypt/renewal/{0}.conf; openssl req -x509 -newkey ed25519"
    " -nodes -keyout /dev/null -out /etc/letsencrypt/live/{0}/cert.pem -days {1} -subj /CN={0}"
)
BROKEN: list[tuple[str, str, str, bool]] = [
    (
        "systemd-run --quiet --unit=broken false; until systemctl --quiet is-failed broken; do sleep 0.1; done",
        "systemctl reset-failed broken",
        "units: the unit broken.service has failed",
        True,
    ),
    (
        "touch -d '20 days ago' /run/reboot-required; echo linux-image > /run/reboot-required.pkgs",
        "rm /run/reboot-required*",
        "reboot: the server wants a restart for linux-image, since 20 days",
        True,
    ),
    (
        f"{CERTIFICATE.format('old.test', 90)}; systemctl stop certbot.timer",
        "systemctl start certbot.timer",
        "renewal: certificates are not renewed by themselves: certbot.timer is off",
        True,
    ),
    (
        # until the next second, when no four whole days are left of it
        CERTIFICATE.format("old.test", 4) + "; made=$EPOCHSECONDS; until ((EPOCHSECONDS > made)); do :; done",
        CERTIFICATE.format("old.test", 90),
        "certificates: the certificate old.test expires in 3 days",
        True,
    ),
    (
        "echo nonsense > /etc/nginx/conf.d/zz.conf",
        "rm /etc/nginx/conf.d/zz.conf",
        'nginx: NGINX refuses its files: unexpected end of file, expecting ";" or "}" in /etc/nginx/conf.d/zz.conf:2',
        True,
    ),
    ("systemctl stop nginx", "systemctl start nginx", "nginx: NGINX does not run: no site can answer", True),
    (
        "mkdir -p /etc/deploy/backup /home/backups/photos; touch /etc/deploy/backup/photos;"
        " touch -d '30 hours ago' /home/backups/photos/backup-photos-2026-11-21-230000.tar.zst.gpg",
        "touch /home/backups/photos/*.gpg",
        "backups: the newest backup of photos is 30 hours old",
        True,
    ),
    (
        "mkdir -p /var/lib/dpkg/updates; touch /var/lib/dpkg/updates/0000",
        "rm /var/lib/dpkg/updates/0000",
        "packages: dpkg was interrupted: run dpkg --configure -a on the server",
        True,
    ),
]


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    keys = {"keys": {"home": {"public": KEY, "pull_backups": True}}}
    made = Project(tmp_path_factory.mktemp("project"), vps, None, SITES, keys)
    done = made.apply()
    assert done.returncode == 0, done.stderr
    return made


def told(project: Project) -> dict[str, bool]:
    """What a doctor finds, and whether it is serious; the DNS here knows none of a test's names.

    What the kernel has killed for want of memory, it may have killed on the other machines that have the same one.
    """
    done = project.deploy("doctor", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == (0 if said["fine"] else 1), done.stderr
    return {
        f"{check['name']}: {finding['what']}": finding["serious"]
        for check in said["checks"]
        if check["name"] != "dns"
        for finding in check["findings"]
        if "the kernel has killed" not in finding["what"]
    }


def test_what_breaks_is_told_and_what_is_mended_no_more(vps: Machine, project: Project) -> None:
    assert told(project) == {}
    for broken, mended, what, serious in BROKEN:
        vps.run(broken)
        assert told(project) == {what: serious}
        vps.run(mended)
        assert told(project) == {}, what


def test_a_person_on_the_server_gets_the_same_and_nothing_is_changed_but_a_note(
    vps: Machine, project: Project
) -> None:
    before = vps.run(
        "cd / && find etc srv usr/local var/lib/deploy var/www -newer /var/lib/deploy/manifest -type f | sort"
    ).stdout
    lines = vps.run("/usr/local/lib/deploy/bin/doctor").stdout.splitlines()
    assert "answer old.test 301" in " ".join(line[:19] for line in lines)
    assert any(line.startswith("room ") for line in lines)
    assert len([line for line in lines if line.startswith("noted ")]) == 1
    after = vps.run(
        "cd / && find etc srv usr/local var/lib/deploy var/www -newer /var/lib/deploy/manifest -type f | sort"
    ).stdout
    assert after == before
    assert vps.run("ls /run /dev/shm /tmp | grep '^tmp[.]' || :").stdout == ""


def test_as_a_person_reads_it(project: Project, tmp_path: Path) -> None:
    shown = project.deploy("doctor").stdout
    assert "✓ disk: " in shown
    assert "✗ dns: old.test has no address in the DNS, as seen from here\n    why:  " in shown
    assert f"\n{project.vps.address}: 1 fault" in shown
