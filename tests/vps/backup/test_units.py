"""Folders whose programs are units of systemd: stopped while files are read, dumped, restored, and always running again."""

import shlex

import pytest

from vps.backup.conftest import standing_still
from vps.waiting import until

UNITS = {
    "wiki": """
        [Service]
        ExecStartPre=/bin/sh -c 'test ! -e /srv/wiki/broken'
        ExecStart=/bin/bash -c 'trap "echo stopped >/srv/wiki/state; exit" TERM; echo running >/srv/wiki/state; sleep infinity & wait'
        """,
    "reader": """
        [Unit]
        Requires=wiki.service
        After=wiki.service
        [Service]
        ExecStart=/bin/sleep infinity
        """,
    "idle": """
        [Service]
        ExecStart=/bin/sleep infinity
        [Install]
        WantedBy=multi-user.target
        """,
}
"""A program that says in a file whether it runs, one that systemd stops with it, and one that does not run."""

DATABASE = {
    "exclude": ("wiki.db",),
    "dump": "sqlite3 /srv/wiki/wiki.db .dump",
    "load": "sqlite3 /srv/wiki/wiki.db",
}


@pytest.fixture
def wiki(vps, folder):
    """The folder with a program that writes to it, and a database that is dumped."""
    vps.run("systemctl stop wiki reader", check=False)
    for name, text in UNITS.items():
        unit = vps.root / f"etc/systemd/system/{name}.service"
        if not unit.exists():  # systemd reads all of its units anew for it
            unit.write_text("\n".join(line.strip() for line in text.splitlines()))
            vps.run("systemctl daemon-reload")
    vps.run(
        "rm -rf /srv/wiki /srv/deploy/wiki /home/backups/wiki; mkdir -p /srv/wiki; echo '# Home' >/srv/wiki/home.md"
    )
    vps.run("""sqlite3 /srv/wiki/wiki.db "CREATE TABLE t (x); INSERT INTO t VALUES ('ä x')" """)
    vps.run(
        "systemctl restart wiki reader; if systemctl is-enabled --quiet idle; then systemctl disable --quiet --now idle; fi"
    )
    until(vps, "grep -qx running /srv/wiki/state")
    return lambda **more: folder(
        "wiki", "/srv/wiki", **{"stop": ("wiki.service", "idle.service"), **DATABASE, **more}
    )


def active(vps) -> list[str]:
    return vps.run("systemctl is-active wiki reader idle", check=False).stdout.split()


def process(vps) -> str:
    return vps.run("systemctl show --property=MainPID --value wiki").stdout


def rows(vps) -> str:
    return vps.run("sqlite3 /srv/wiki/wiki.db 'SELECT x FROM t'", check=False).stdout


RUNNING = ["active", "active", "inactive"]


def test_units_are_stopped_while_files_are_read_and_a_dump_comes_back(vps, wiki, tmp_path):
    backed, before = wiki(), process(vps)
    backed.run()
    assert backed.log()["result"] == "ok", backed.log()
    assert backed.log()["downtime"] > 0
    assert active(vps) == RUNNING, "what was stopped with it runs again, and what did not run does not"
    assert process(vps) != before
    tree = backed.unpack(tmp_path)
    assert (tree / "srv/wiki/state").read_text() == "stopped\n"
    assert not (tree / "srv/wiki/wiki.db").exists()
    assert "INSERT INTO t VALUES('ä x');" in backed.dump(tree).decode()
    vps.run("rm -r /srv/wiki/*; systemctl enable --quiet idle")
    before = process(vps)
    backed.restore()
    assert rows(vps) == "ä x\n"
    assert (vps.root / "srv/wiki/home.md").read_text() == "# Home\n"
    until(vps, "grep -qx running /srv/wiki/state")
    assert process(vps) != before
    assert active(vps) == ["active"] * 3, "what starts with the server was meant to run"


def test_a_dump_needs_no_folder(vps, wiki, folder, tmp_path):
    wiki()
    only = folder("only", **{key: value for key, value in DATABASE.items() if key != "exclude"})
    only.run()
    assert only.log()["result"] == "ok"
    tree = only.unpack(tmp_path)
    assert "INSERT INTO t" in only.dump(tree).decode()
    vps.run("rm /srv/wiki/wiki.db")
    only.restore()
    assert rows(vps) == "ä x\n"


def test_a_dump_that_is_empty_or_fails_is_no_backup(vps, wiki):
    before = process(vps)
    for dump, said in {
        "true": "the dump is empty",
        "echo half; exit 3": "the dump failed (exit code 3)",
        "echo half | false | cat": "the dump failed (exit code 1)",
    }.items():
        assert said in wiki(dump=dump).fails()
    assert process(vps) == before, "nothing was stopped for it"


def test_a_unit_that_is_not_there_and_one_that_is_started_meanwhile_are_told(vps, wiki):
    gone = wiki(stop=("gone.service",)).fails()
    assert "there is no gone.service (see backups.folders in sites.yaml)" in gone
    vps.run("head -c 1M /dev/urandom >/srv/wiki/big; rm -f /root/started")
    waits = "until [ $(systemctl is-active wiki) = inactive ]; do sleep 0.01; done; systemctl start wiki"
    vps.run(f"systemd-run --collect --unit=starter sh -c {shlex.quote(f'{waits}; touch /root/started')}")
    with standing_still(vps, until="[ -e /root/started ]"):
        said = wiki().fails()
    assert "wiki.service was started while its files were read" in said or "wiki.service still runs" in said
    assert active(vps) == RUNNING


@pytest.mark.fault("a backup is killed while the units of a folder are stopped", rounds=2)
def test_killed_in_the_middle_the_units_run_again(vps, wiki):
    wiki()
    vps.run("head -c 1M /dev/urandom >/srv/wiki/big")
    stopped = vps.root / "srv/deploy/wiki/backup/stopped"
    for ending in ("/etc/deploy/backup/wiki", "/usr/local/lib/deploy/bin/backup --start-stopped"):
        with standing_still(vps):
            vps.run("systemd-run --collect --unit=killed -p KillSignal=SIGKILL /etc/deploy/backup/wiki")
            until(vps, "grep -qx stopped /srv/wiki/state && ! systemctl is-active --quiet wiki")
            vps.run("systemctl kill --signal=SIGKILL killed")
            until(vps, "! systemctl is-active --quiet killed")
        assert set(stopped.read_text().split()) == {"wiki.service", "reader.service"}
        assert active(vps) == ["inactive"] * 3
        assert "a killed backup had stopped it: starting it" in vps.run(f"{ending} 2>&1").stdout
        until(vps, "grep -qx running /srv/wiki/state")
        assert active(vps) == RUNNING
        assert not stopped.exists()
        assert vps.run("ls /dev/shm").stdout == ""
    # what sites.yaml no longer saves is nobody's to start, and no reason to back up everything at a start
    stopped = vps.root / "srv/deploy/zebra/backup/stopped"
    stopped.parent.mkdir(parents=True)
    stopped.write_text("zebra.service\n")
    archives = vps.run("ls /home/backups/*").stdout
    said = vps.run("sleep 1; /usr/local/lib/deploy/bin/backup --start-stopped 2>&1", check=False)
    assert (vps.run("ls /home/backups/*").stdout, said.returncode) == (archives, 1)
    assert "✗ zebra: a killed backup has left zebra.service stopped" in said.stdout
    vps.run("rm -r /srv/deploy/zebra")


@pytest.mark.fault("a restore of a folder does not take its dump, its unit does not start, or it is killed")
@pytest.mark.parametrize("what", ["load", "start", "killed"])
def test_a_restore_that_fails_leaves_what_was_there_running(vps, wiki, tmp_path, what):
    load = {
        "load": "exit 3",
        "start": "cat >/srv/wiki/broken",
        "killed": "touch /tmp/loading; exec sleep 1000",
    }[what]
    backed = wiki(load=load)
    backed.run()
    vps.run("echo newer >/srv/wiki/home.md")
    plain = vps.root / "root/plain.tar"
    backed.decrypt(plain)
    restore = "/usr/local/lib/deploy/bin/restore wiki"
    if what == "killed":
        vps.run(f"systemd-run --collect --unit=restore sh -c '{restore} </root/plain.tar'")
        until(vps, "[ -e /tmp/loading ] && rm /tmp/loading")
        assert active(vps) == ["inactive"] * 3
        assert (vps.root / "srv/wiki/home.md").read_text() == "# Home\n"
        vps.run("systemctl kill --signal=SIGKILL restore")
        until(vps, "! systemctl is-active --quiet restore")
        vps.run(f"{restore} --back")
    else:
        done = vps.run(f"{restore} </root/plain.tar", check=False)
        assert done.returncode == 1
        said = {"load": "does not take the dump (exit code 3)", "start": "wiki.service"}[what]
        assert said in done.stdout
    assert (vps.root / "srv/wiki/home.md").read_text() == "newer\n"
    assert rows(vps) == "ä x\n"
    until(vps, "grep -qx running /srv/wiki/state")
    assert active(vps) == RUNNING
    assert not (vps.root / "srv/deploy/wiki/restore.part").exists()
