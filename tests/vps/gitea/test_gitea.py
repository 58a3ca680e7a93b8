"""Gitea from nothing to nothing: refused downloads, its first user, clones, a backup, upgrades with the way back."""

from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import pytest

from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.gitea.conftest import DATABASE, HOME, LOSE, REAL, UNIT, WELL, Forge
from vps.load import BROKEN_OFF, Load, visiting
from vps.waiting import until, until_listening

pytestmark = pytest.mark.takes_turns("module")


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """Neither Gitea's database nor anything else that it needs is there."""
    with Machine.boot(release, PREINSTALLED) as machine:
        yield machine


def test_what_is_not_its_program_is_never_run(forge: Forge) -> None:
    forge.wants("old", "1.25.0", sha256="0" * 64)
    said = forge.deploy("apply", "--yes", code=1)
    assert "is not what sites.yaml says" in said
    assert "everything else goes live" in said
    assert forge.project.get("old.test", scheme="http")[0] == 301
    forge.wants("old", "1.25.0", binary="http://127.0.0.1:9009/missing")
    assert "cannot be had: curl: (22)" in forge.deploy("apply", "--yes", code=1)
    assert forge.vps.run(f"ls -A {HOME}/bin").stdout == ""


def test_a_first_start_that_fails_leaves_nothing_that_runs(forge: Forge) -> None:
    forge.wants("broken", "1.25.9")
    said = forge.deploy("apply", "--yes", code=1)
    assert "Unable to load this database" in said
    assert "git.test stays as it was" in said
    assert (
        forge.vps.run(f"systemctl is-active {UNIT}; ls /etc/deploy/gitea", check=False).stdout == "inactive\n"
    )


def test_it_runs_and_has_one_user(forge: Forge) -> None:
    forge.wants("old", "1.25.0", binary="http://127.0.0.1:9010/old")
    assert "the next apply goes on from there" in forge.deploy("apply", "--yes", code=1)
    forge.deploy("apply", "--yes")
    assert "Nothing to change" in forge.deploy("plan")
    assert forge.project.get("git.test", "/api/healthz")[0] == 200
    assert forge.api("GET", "user")["login"] == "owner"
    said = forge.deploy("exec", "git.test", "--", "sh", "-c", "id -un; pwd; echo $GITEA_WORK_DIR; type gitea")
    assert said.split() == ["git", f"{HOME}/data", f"{HOME}/data", "gitea", "is", f"{HOME}/bin/gitea"]
    seen = forge.vps.run(
        f"ps -ef; cat /etc/deploy/gitea/*; systemctl cat {UNIT}; journalctl -u {UNIT}; grep -r . /var/log/deploy || :"
    ).stdout
    secrets = forge.vps.run(f"for each in {HOME}/secrets/[A-Z]*; do cat $each; echo; done").stdout.split()
    assert len(secrets) == 5
    assert [secret for secret in [*secrets, forge.password] if secret in seen] == []
    modes = forge.vps.run(
        f"stat -c '%a %U:%G' {HOME}/secrets {HOME}/secrets/SECRET_KEY {HOME}/.env {HOME}/data /home/git/.ssh"
    ).stdout
    assert modes.splitlines() == [
        "750 root:git",
        "640 root:git",
        "600 root:root",
        "750 git:git",
        "700 git:git",
    ]


def test_nothing_that_it_says_of_its_variables_is_root_s(forge: Forge) -> None:
    """What stands in the memory of a process is its own to write: the loader heeds such variables, and root must not."""
    folder = f"/run/systemd/system/{UNIT}.d"
    lines = r"[Service]\nEnvironment=LD_DEBUG=libs LD_DEBUG_OUTPUT=/tmp/loaded\n"
    restart = f"systemctl daemon-reload; systemctl restart {UNIT}"
    forge.vps.run(f"mkdir {folder}; printf '{lines}' >{folder}/loader.conf; {restart}; rm /tmp/loaded.*")
    assert forge.deploy("exec", "git.test", "--", "sh", "-c", "echo $LD_DEBUG").strip() == "libs"
    done = forge.vps.run(f"stat -c %U /tmp/loaded.*; rm -r /tmp/loaded.* {folder}; {restart}")
    assert {*done.stdout.split()} == {"git"}


def test_what_is_pushed_by_https_is_cloned_by_ssh(forge: Forge) -> None:
    folder = forge.project.folder
    forge.fill()
    forge.api("POST", "user/keys", title="laptop", key=(folder / "id.pub").read_text().rsplit(" ", 1)[0])
    forge.project.repository("work", {"page.html": "one\n"})
    forge.git(
        "-C", folder / "work", "push", "-q", f"https://owner:{forge.password}@git.test/owner/one.git", "main"
    )
    forge.git("clone", "-q", f"git@{forge.vps.address}:owner/one.git", folder / "clone")
    assert (folder / "clone/page.html").read_text() == "one\n"
    done = forge.vps.run("sha256sum --check --quiet /var/lib/deploy/manifest", check=False)
    assert done.stdout == ""  # it has written to none of our files


def test_keys_of_its_users_are_no_finding_and_others_are(forge: Forge) -> None:
    file = forge.vps.root / "home/git/.ssh/authorized_keys"
    its = file.read_text()
    assert " serv key-1" in its
    assert "may log in as git" not in forge.deploy("audit", code=1)
    blob = its.split("restrict ")[1].split()[1]
    forms = {
        "plain": "",
        "shell": 'command="/opt/git.test/bin/gitea --config=/etc/deploy/gitea/git.test.ini serv key-1",pty ',
        "other": 'command="/tmp/gitea --config=/etc/deploy/gitea/git.test.ini serv key-1",restrict ',
        "more": 'command="/opt/git.test/bin/gitea --config=/etc/deploy/gitea/git.test.ini serv key-1; sh",restrict ',
    }
    file.write_text(its + "".join(f"{form}ssh-ed25519 {blob} {name}\n" for name, form in forms.items()))
    said = forge.deploy("audit", code=1)
    file.write_text(its)
    assert [name for name in forms if f"the key {name} may log in as git" in said] == [*forms]


def test_what_was_saved_comes_back_on_an_empty_server(forge: Forge) -> None:
    assert "git.test is backed up" in forge.deploy("backup")
    secrets = forge.vps.run(f"cd {HOME}/secrets && sha256sum [A-Z]*").stdout
    password = forge.password
    forge.vps.run(
        f"systemctl stop {UNIT}; {LOSE.get(DATABASE, 'true')} && rm -r {HOME} /home/git && userdel --force git"
    )
    forge.vps.run("rm -r /var/lib/deploy /etc/deploy/gitea /etc/sysusers.d/deploy-git.test.conf")
    forge.wants("old", "1.25.0")
    forge.deploy("apply", "--yes")
    assert forge.password != password
    forge.deploy("restore", "git.test", "--yes")
    assert forge.vps.run(f"cd {HOME}/secrets && sha256sum [A-Z]*").stdout == secrets
    assert forge.password == password
    forge.keeps()
    forge.git("clone", "-q", f"git@{forge.vps.address}:owner/one.git", forge.project.folder / "again")
    assert "Nothing to change" in forge.deploy("plan")


def test_an_upgrade_has_a_way_back(forge: Forge) -> None:
    forge.wants("broken", "1.25.9", wait="90s")
    said = forge.deploy("apply", "--yes", code=1)
    assert "Unable to load this database" in said
    assert int(said.partition("is not well after ")[2].split()[0]) < 60  # it ends at once
    forge.site["wait"] = "20s"
    assert "runs again, with the database of before" in said
    assert said.count("is not well after") == 1
    assert forge.runs().startswith("gitea-1.25.0-")
    assert forge.runs().endswith("\nactive\n")
    forge.keeps()
    forge.wants("new", "1.26.0")
    forge.deploy("apply", "--yes")
    assert forge.runs().startswith("gitea-1.26.0-")
    forge.keeps()
    assert "Nothing to change" in forge.deploy("plan")
    forge.wants("old", "1.25.0")  # whose binary does not know the database any more
    assert "is for a newer Gitea" in forge.deploy("apply", "--yes", code=1)
    assert forge.runs().startswith("gitea-1.26.0-")
    forge.keeps()
    forge.wants("new", "1.26.0")


@pytest.mark.skipif(REAL, reason="only a stand-in can be held up")
@pytest.mark.parametrize("words", [("backup",), ("restore", "git.test", "--yes"), ("restart", "git.test")])
def test_what_starts_it_again_ends_when_visitors_have_an_answer(forge: Forge, words: tuple[str]) -> None:
    hold = forge.vps.root / f"{HOME}/hold".lstrip("/")
    log = "/var/log/nginx/git.test.access.log"

    def let_go(_: BaseProcess) -> None:
        until(forge.vps, f"grep -q '/api/healthz HTTP/[0-9.]*\" 50[23] ' {log}", 60)
        hold.unlink()

    forge.vps.run(f"truncate --size 0 {log}")
    hold.touch()
    done = forge.project.deploy(*words, meanwhile=let_go, GNUPGHOME=str(forge.key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    forge.vps.run(WELL)


@pytest.mark.skipif(REAL, reason="a stand-in has one page")
def test_another_port_turns_nobody_away_and_neither_does_one_that_another_program_has(forge: Forge) -> None:
    vps = forge.vps
    forge.site["https"] = False
    forge.deploy("apply", "--yes")
    vps.run("systemd-run --unit other python3 -m http.server 3002 --bind 127.0.0.1")
    until_listening(vps, 3002)
    with visiting(Load(vps.address, "git.test", frozenset({b'"page"'})), sends=False) as asked:
        for port, code in ((3001, 0), (3002, 1), (3000, 0)):
            asked.goes_on()
            forge.site["port"] = port
            said = forge.deploy("apply", "--yes", code=code)
            if code:
                assert "Address already in use" in said
                assert "git.test stays as it was" in said
                vps.run(WELL.replace("3000", "3001"))
        asked.goes_on()
    # The stand-in breaks off what it is saying when it ends.
    assert {status for _, status, _ in asked.wrong} <= {BROKEN_OFF}, asked.wrong
    assert len(asked.wrong) < 8, asked.wrong
    assert "Nothing to change" in forge.deploy("plan")
    forge.site["https"] = True
    forge.deploy("apply", "--yes")


def test_what_was_stopped_on_purpose_stays_so(forge: Forge) -> None:
    forge.deploy("stop", "git.test")
    forge.site["registration"] = True
    assert "git.test is stopped on purpose, and stays so" in forge.deploy("apply", "--yes")
    assert forge.vps.run(f"systemctl is-active {UNIT}", check=False).stdout == "inactive\n"
    forge.deploy("start", "git.test")
    forge.vps.run(WELL)


def test_nothing_is_left_but_data(forge: Forge) -> None:
    del forge.project.sites["git.test"]
    forge.deploy("apply", "--yes", "--take-off", "1")
    assert forge.vps.run("find /etc/deploy/gitea /etc/systemd -name '*git.test*'").stdout == ""
    assert forge.vps.run("pgrep -u git", check=False).returncode == 1
    assert forge.vps.run(f"stat -c %U {HOME}/data").stdout == "git\n"
    assert "git" not in forge.vps.run("sshd -T | grep -i allowusers").stdout
