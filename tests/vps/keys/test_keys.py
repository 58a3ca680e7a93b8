"""What a restricted key can do with nothing but an SSH client, and what it cannot."""

import json
import subprocess
from pathlib import Path

import pytest

from vps.keys.conftest import Guarded

pytestmark = pytest.mark.takes_turns("module")


def test_a_key_pushes_its_site_and_the_output_and_the_exit_code_come_back(project: Guarded) -> None:
    commit = project.publish("page.test", {"index.html": "<h1>Two</h1>\n"})
    done = project.ssh("push", "page.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  building page.test" in done.stdout.splitlines()
    assert "page.test is live: " in done.stdout
    assert project.get("page.test", scheme="http") == (200, "<h1>Two</h1>\n")

    project.publish("page.test", {"broken": ""})
    failed = project.ssh("push page.test main")
    assert failed.returncode == 1
    assert "  broken on purpose" in failed.stdout.splitlines()
    assert project.get("page.test", scheme="http") == (200, "<h1>Two</h1>\n")
    project.publish("page.test", {"broken": None})

    again = project.ssh("push", "page.test", commit)
    assert again.returncode == 0
    assert "nothing to push" in again.stdout
    used = [(use["key"], use["command"], use["result"]) for use in project.uses()[-3:]]
    assert used == [
        ("ci", "push page.test", "accepted"),
        ("ci", "push page.test main", "accepted"),
        ("ci", f"push page.test {commit}", "accepted"),
    ]
    assert '"by":"key ci"' in (project.vps.root / "var/log/deploy/push.log").read_text()


def test_status_is_short_and_tells_what_is_wrong(project: Guarded) -> None:
    project.publish("page.test", {"index.html": "<h1>Three</h1>\n"})
    assert project.ssh("push", "page.test").returncode == 0
    fine = project.ssh("status")
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "✓ page.test: 200 in " in fine.stdout
    assert " Change it\n  since 20" in fine.stdout
    assert "UTC by key ci" in fine.stdout
    lines = fine.stdout.splitlines()
    assert all((len(line) <= 60 and line.strip() != "") or line == "" for line in lines), lines
    assert lines.count("") == 1, "before each site"
    assert "other.test" not in fine.stdout

    project.publish("page.test", {"broken": ""})
    assert project.ssh("push", "page.test").returncode == 1
    assert "! the last push failed: " in project.ssh("status").stdout
    project.publish("page.test", {"broken": None})
    project.vps.run("chmod 000 /srv/deploy/page.test/releases")
    try:
        ill = project.ssh("status")
    finally:
        project.vps.run("chmod 755 /srv/deploy/page.test/releases")
    assert ill.returncode == 1
    assert "✗ page.test: " in ill.stdout


def rsync(project: Guarded, *words: str, key: str = "home") -> subprocess.CompletedProcess[str]:
    reach = f"ssh -F none -i {project.folder / key} -o IdentitiesOnly=yes -o BatchMode=yes"
    reach += f" -o UserKnownHostsFile={project.vps.known_hosts}"
    return subprocess.run(["rsync", "-a", "-e", reach, *words], capture_output=True, text=True, check=False)


def test_a_key_fetches_backups_and_does_nothing_else(project: Guarded, tmp_path: Path) -> None:
    there = f"deploy@{project.vps.address}"
    assert project.vps.run("stat -c '%U:%G %a' /home/backups").stdout == "root:deploy 750\n"
    # an archive that is older than the key becomes readable with the next apply
    project.vps.run(
        "cd /home/backups && mkdir -m 700 page.test && (umask 077; echo archive >page.test/a.gpg)"
        " && systemd-tmpfiles --create /etc/tmpfiles.d/deploy-keys.conf"
    )
    done = rsync(project, f"{there}:/page.test/", f"{tmp_path}/page.test")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.test/a.gpg").read_text() == "archive\n"

    written = rsync(project, f"{tmp_path}/page.test/", f"{there}:/page.test/")
    assert written.returncode != 0
    for path in ("/etc/shadow", "../../etc/passwd", "/../etc/passwd", "/etc/passwd"):
        assert rsync(project, f"{there}:{path}", f"{tmp_path}/stolen").returncode != 0
    assert rsync(project, "--remove-source-files", f"{there}:/page.test/", f"{tmp_path}/b").returncode != 0
    assert not (tmp_path / "stolen").exists()
    assert project.vps.run("cat /home/backups/page.test/a.gpg").stdout == "archive\n"
    for words in ("status", "push page.test", "id", "cat /etc/passwd"):
        refused = project.ssh(words, key="home")
        assert refused.returncode == 2
        assert (
            refused.stderr
            == "✗ refused: the key home may fetch backups with rsync, ask `doctor`, and nothing else\n"
        )
    assert rsync(project, f"{there}:/", f"{tmp_path}/c", key="ci").returncode != 0
    results = [use["result"] for use in project.uses() if use["key"] == "home"]
    assert {"accepted", "refused"} == set(results)


def test_keys_come_and_go_with_sites_yaml(project: Guarded) -> None:
    listed = json.loads(project.deploy("key", "list", "--json").stdout)["keys"]
    assert [key["name"] for key in listed] == ["builder", "ci", "home"]
    assert project.deploy("plan").returncode == 0
    before = dict(project.more["keys"])
    project.write()
    file = project.folder / "sites.yaml"
    text = file.read_text()

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return project.deploy_as_it_is("key", *words)

    # a file of somebody else that sudo accepts; visudo alone wants its mode otherwise
    project.vps.run("echo '# mine' >/etc/sudoers.d/mine && chmod 644 /etc/sudoers.d/mine")
    project.vps.run(
        "sed -i 's/^deploy .*/nonsense (/' /etc/sudoers.d/deploy-keys; echo 'bad (' >/etc/sudoers.d/bad"
    )
    failed = call("add", "phone", "--push", "page.test,other.test", "--private", "phone", "--yes")
    project.vps.run("rm /etc/sudoers.d/bad")
    assert failed.returncode == 1
    assert "/etc/sudoers.d/bad:1:" in failed.stderr
    assert "syntax error" in failed.stderr
    assert "the server does not have the key phone yet: deploy apply" in call("list").stderr
    added = project.deploy_as_it_is("apply", "--yes")
    assert added.returncode == 0, added.stdout + added.stderr
    assert "does not have" not in call("list").stderr
    assert (project.folder / "phone").stat().st_mode & 0o777 == 0o600
    assert project.ssh("push", "other.test", key="phone").returncode == 0
    assert project.ssh("push", "page.test", key="ci").returncode == 0
    again = call("add", "phone", "--push", "page.test", "--yes")
    assert again.returncode == 2
    assert "there is a key 'phone' already" in again.stderr

    used = call("list").stdout
    assert "push other.test (accepted)" in used
    assert project.ssh("id", key="phone").returncode == 2
    refused = call("list")
    assert "the last: phone from " in refused.stderr
    (phone,) = [key for key in json.loads(call("list", "--json").stdout)["keys"] if key["name"] == "phone"]
    assert phone["refused"] == 1
    assert phone["on_server"]
    assert call("revoke", "phone", "--no-apply").returncode == 0
    assert "still lets a key phone in" in call("list").stderr
    revoked = project.deploy_as_it_is("apply", "--yes")
    assert revoked.returncode == 0, revoked.stderr
    assert project.ssh("status", key="phone").returncode == 255
    assert not (project.vps.root / "etc/deploy/keys/phone").exists()
    assert project.ssh("status", key="ci").stdout

    assert call("revoke", "ci", "--yes").returncode == 0
    assert call("revoke", "home", "--yes").returncode == 0
    assert call("revoke", "builder", "--yes").returncode == 0
    assert "keys:" not in file.read_text()
    for path in ("/var/lib/deploy-keys/.ssh/authorized_keys", "/etc/sudoers.d/deploy-keys"):
        assert project.vps.run(f"test -e {path}", check=False).returncode == 1
    assert project.ssh("status", key="ci").returncode == 255
    project.more["keys"] = before
    file.write_text(text)
    assert project.apply().returncode == 0
    assert project.ssh("status", key="ci").stdout


def test_a_user_deploy_that_is_somebodys_stays(project: Guarded) -> None:
    project.vps.run("sed -i s,/var/lib/deploy-keys,/home/somebody, /etc/passwd")
    project.more["keys"]["other"] = {
        "public": project.new_key("other").with_name("other.pub").read_text().strip(),
        "push": ["other.test"],
    }
    try:
        refused = project.apply()
        assert refused.returncode == 1
        assert "the user 'deploy' is not ours: its home is /home/somebody" in refused.stderr
        assert not (project.vps.root / "etc/deploy/keys/other").exists()
    finally:
        del project.more["keys"]["other"]
        project.vps.run("sed -i s,/home/somebody,/var/lib/deploy-keys, /etc/passwd")


def test_keys_get_in_where_ssh_is_hardened(project: Guarded) -> None:
    others = dict.fromkeys(("firewall", "fail2ban", "updates", "sysctl"), False)
    project.more["security"] = {**others, "ssh": {"allow_users": ["alma"]}}
    try:
        applied = project.apply()
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert "allowusers deploy" in project.vps.run("sshd -T").stdout
        assert "page.test: " in project.ssh("status").stdout
        assert project.ssh("status", key="home").returncode == 2
    finally:
        del project.more["security"]
        assert project.apply().returncode == 0
