"""An upgrade of Gitea that is killed, or whose server loses its power: old and well, or new and well."""

import hashlib
from multiprocessing.process import BaseProcess

import pytest

from chance import chance, noise
from vps.gitea.conftest import HOME, UNIT, WELL, Forge
from vps.waiting import until, until_free, until_locked

pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
HOLD = """#!/bin/bash
case "$*" in {pattern}) while [[ -e /run/hold ]]; do touch /run/held; sleep 0.05; done ;; esac
exec {command} "$@"
"""
KILL = """
holders=$(find /proc/[0-9]*/fd -lname /var/lib/deploy/lock 2>/dev/null | cut -d / -f 3 | sort -u)
kill -KILL $holders $(pgrep -f '^bash.*[h]andlers' | grep -vx $$)
"""
PHASES = {
    "its dump has no name yet": ("new", "mv", "*/upgrade/dump.new*"),
    "the dump is there, and the program is the one of before": ("new", "mv", "*/bin/gitea.new*"),
    "it migrates": ("slow", "", ""),
    "the program is back, and the database is not": ("broken", "mktemp", "*/database.*"),
    "both are back, and it does not know": ("broken", "rm", "*/upgrade/from"),
}


def wants(forge: Forge, program: str, version: str) -> None:
    forge.wants(program, version, binary=f"/srv/downloads/{program}")  # what serves it ends with the power


def stopped(forge: Forge, phase: str, power: bool) -> None:
    """Begin an upgrade, and stop it when this is so."""
    program, command, pattern = PHASES[phase]
    vps = forge.vps
    wrapper = vps.root / f"usr/local/bin/{command or 'none'}"

    def end(_: BaseProcess) -> None:
        until(vps, f"[ -e /run/held ] || [ -e {HOME}/data/migrates ]", 60)
        if power:
            vps.restart()
        else:
            vps.run(KILL)
            vps.run("rm -f /run/hold")

    if command:
        wrapper.write_text(HOLD.format(pattern=pattern, command=f"/usr/bin/{command}"))
        wrapper.chmod(0o755)
    vps.run("rm -f /run/held; touch /run/hold")
    wants(forge, program, "1.26.0")
    done = forge.project.deploy("apply", "--yes", meanwhile=end)
    print(done.stdout[-500:], done.stderr)
    wrapper.unlink(missing_ok=True)
    (vps.root / f"{HOME}/data/migrates".lstrip("/")).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def filled(forge: Forge) -> Forge:
    """One that has something."""
    wants(forge, "old", "1.25.0")
    forge.deploy("apply", "--yes")
    forge.fill()
    return forge


@pytest.mark.fault(
    "a program of Gitea is another, is not there, nobody answers, or the disk is full", rounds=7
)
def test_what_cannot_be_had_changes_nothing(filled: Forge) -> None:
    vps = filled.vps
    (vps.root / "srv/downloads/large").write_bytes(bytes(3_000_000))
    filled.wants("new", "1.26.0", sha256="0" * 64)
    assert "is not what sites.yaml says: its SHA-256 is" in filled.deploy("apply", "--yes", code=1)
    for address, words in {
        "http://127.0.0.1:9009/none": "curl: (22) The requested URL returned error: 404",
        "http://127.0.0.1:9/none": "curl: (7) Failed to connect to 127.0.0.1 port 9",
    }.items():
        filled.wants("new", "1.26.1", binary=address, sha256="1" * 64)
        assert f"{address} cannot be had: {words}" in filled.deploy("apply", "--yes", code=1)
    process = f"{WELL} >/dev/null && systemctl show --property=MainPID {UNIT}"
    runs = vps.run(process).stdout
    vps.mount_small(f"{HOME}/bin", 1)
    vps.run(f"head -c 1040000 /dev/zero >{HOME}/bin/full")  # the one that runs has no room there either
    filled.wants("new", "1.26.1", binary="http://127.0.0.1:9009/large", sha256="1" * 64)
    said = filled.deploy("apply", "--yes", code=1)
    assert "cannot be had: curl: (23)" in said
    assert "are free there" in said
    assert vps.run(process).stdout == runs  # what could not have been started again was not stopped
    vps.run(f"test ! -e {HOME}/upgrade/from")
    vps.run(f"umount {HOME}/bin")
    (filled.project.folder / "large").write_bytes(bytes(3_000_000))
    filled.wants("new", "1.26.1", binary="large", sha256=hashlib.sha256(bytes(3_000_000)).hexdigest())
    assert "+ large (3.0 MB) sent from here" in filled.deploy("plan", code=4)
    vps.mount_small("/var/lib/deploy/sent", 1)
    said = filled.deploy("apply", "--yes", code=1)
    assert "✗ it is not sent: 1 MB are free in /var/lib/deploy/sent, and 53 MB are needed" in said
    assert "git.test stays as it was" in said
    vps.run("umount /var/lib/deploy/sent")
    for binary, words in {
        "large": "large is not what sites.yaml says: its SHA-256 is ",
        "none": "none is not on the server yet, and cannot be read here",
    }.items():
        filled.wants("new", "1.26.1", binary=binary, sha256="1" * 64)
        assert f"git.test is left as it is: {words}" in filled.deploy("apply", "--yes", code=1)
    assert filled.runs().startswith("gitea-1.25.0-")
    filled.keeps()
    wants(filled, "old", "1.25.0")
    assert "Nothing to change" in filled.deploy("plan")


@pytest.mark.in_turns("power cut")
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.fault("the power goes in an upgrade of Gitea")
def test_after_a_power_cut_it_is_as_it_was(filled: Forge, phase: str) -> None:
    stopped(filled, phase, power=True)
    until(filled.vps, WELL)
    assert filled.runs().startswith("gitea-1.25.0-")
    filled.keeps()
    wants(filled, "old", "1.25.0")
    assert "Nothing to change" in filled.deploy("plan")


@pytest.mark.in_turns("power cut")
@pytest.mark.fault("the power goes in a restore of Gitea")
def test_a_restore_that_is_cut_off_leaves_what_was_there(filled: Forge) -> None:
    vps = filled.vps
    filled.deploy("backup")
    filled.api("POST", "repos/owner/one/issues", title="Later")

    def end(_: BaseProcess) -> None:
        until(vps, "[ -e /run/held ]", 60)
        vps.restart()

    wrapper = vps.root / "usr/local/bin/mv"
    wrapper.write_text(HOLD.format(pattern="*/dev/fd/*/secrets*", command="/usr/bin/mv"))
    wrapper.chmod(0o755)
    vps.run("rm -f /run/held; touch /run/hold")
    filled.project.deploy("restore", "git.test", "--yes", meanwhile=end, GNUPGHOME=str(filled.key.home))
    wrapper.unlink()
    until(vps, f"systemctl is-active --quiet multi-user.target && {WELL}")
    titles = [each["title"] for each in filled.api("GET", "repos/owner/one/issues")]
    assert sorted(titles) == ["It works", "Later"]
    filled.deploy("restore", "git.test", "--yes")
    filled.keeps()


@pytest.mark.in_turns("killed")
@pytest.mark.fault("an apply is killed in an upgrade of Gitea, and an archive of it is restored")
def test_what_is_restored_stays_whatever_an_upgrade_has_left(filled: Forge) -> None:
    vps = filled.vps
    wants(filled, "old", "1.25.0")
    filled.deploy("backup")
    filled.api("POST", "repos/owner/one/issues", title="Later")
    stopped(filled, "it migrates", power=False)
    assert "an upgrade of git.test was cut off, so that" in filled.deploy("backup", code=1)
    filled.deploy("restore", "git.test", "--yes")
    filled.keeps()
    vps.run(f"systemctl restart {UNIT}")
    until(vps, WELL)
    filled.keeps()
    wants(filled, "old", "1.25.0")
    filled.deploy("apply", "--yes")
    assert "Nothing to change" in filled.deploy("plan")


@pytest.mark.in_turns("killed")
@pytest.mark.fault("an apply is killed in an upgrade of Gitea", rounds=3)
def test_killed_and_what_comes_next_is_well(filled: Forge) -> None:
    """With the version of before, and at last with another one: what sites.yaml says runs, and has all."""
    phases = chance.sample(tuple(PHASES), 3)
    for phase in phases:
        stopped(filled, phase, power=False)
        program, version = ("new", "1.26.0") if phase == phases[-1] else ("old", "1.25.0")
        wants(filled, program, version)
        filled.deploy("apply", "--yes")
        assert filled.runs().startswith(f"gitea-{version}-"), phase
        assert filled.runs().endswith("\nactive\n")
        filled.keeps()
        assert "Nothing to change" in filled.deploy("plan")


@pytest.mark.fault("Gitea is to change while it is backed up or restored")
def test_an_apply_waits_until_a_backup_is_done_with_it(filled: Forge) -> None:
    vps, lock = filled.vps, "/srv/deploy/git.test/lock"
    since = f"systemctl show --property=ActiveEnterTimestampMonotonic {UNIT}"
    before = vps.run(since).stdout

    def end(_: BaseProcess) -> None:
        until(vps, "pgrep -f '[f]lock --timeout 7200 7'")
        assert vps.run(since).stdout == before
        vps.run("systemctl stop backup")

    vps.run(f"systemd-run --quiet --unit backup flock {lock} sleep infinity")
    until_locked(vps, lock)
    filled.site["private"] = True
    done = filled.project.deploy("apply", "--yes", meanwhile=end)
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run(since).stdout != before


@pytest.mark.in_turns("killed")
@pytest.mark.fault("deploy is killed while it sends a program")
def test_what_is_sent_in_part_is_gone_on_with(filled: Forge) -> None:
    vps, sent = filled.vps, "/var/lib/deploy/sent"
    program = (vps.root / "srv/downloads/new").read_bytes() + b"\n# " + noise(3_000_000).hex().encode()
    digest = hashlib.sha256(program).hexdigest()
    (filled.project.folder / "padded").write_bytes(program)
    filled.wants("new", "1.26.1", binary="padded", sha256=digest)

    def end(process: BaseProcess) -> None:
        until(vps, "[ -e /run/held ]", 60)
        process.kill()
        process.join()
        vps.run("rm -f /run/hold")

    wrapper = vps.root / "usr/local/bin/truncate"
    wrapper.write_text(HOLD.format(pattern="*.part", command="/usr/bin/truncate"))
    wrapper.chmod(0o755)
    vps.run("rm -f /run/held; touch /run/hold")
    filled.project.deploy("apply", "--yes", meanwhile=end)
    until_free(vps, f"{sent}/lock")
    wrapper.unlink()
    came = (vps.root / f"{sent}/{digest}.part".lstrip("/")).stat().st_size
    assert 0 < came < len(program)
    filled.deploy("apply", "--yes")
    assert filled.runs().startswith(f"gitea-1.26.1-{digest[:12]}")
    assert vps.run(f"ls {sent}").stdout == "lock\n"
    (filled.project.folder / "padded").unlink()
    assert "Nothing to change" in filled.deploy("plan"), "who does not have the file"
    filled.keeps()
