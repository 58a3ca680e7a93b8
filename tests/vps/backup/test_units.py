"""Folders whose programs are units of systemd: stopped while files are read, dumped, restored, and always running again."""

import json
import shlex

import pytest

from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.entry import Entry
from deployer.parts import with_parts
from deployer.seen.facts import Facts
from deployer.server.login import connect
from deployer.shares.backup import Backup
from deployer.tasks.services import units
from deployer.values.backups import BackupChoice
from vps.backup.conftest import Backed, put, standing_still
from vps.waiting import until

UNITS = {
    "wiki": """
        [Service]
        ExecStartPre=/bin/sh -c 'test ! -e /srv/wiki/broken'
        ExecStart=/bin/bash -c 'trap "echo stopped >/srv/wiki/state; exit" TERM; echo running >/srv/wiki/state; sleep infinity & wait'
        [Install]
        WantedBy=multi-user.target
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


@pytest.mark.in_turns("told")
def test_a_dump_that_is_empty_or_fails_is_no_backup(vps, wiki):
    before = process(vps)
    for dump, said in {
        "true": "the dump is empty",
        "echo half; exit 3": "the dump failed (exit code 3)",
        "echo half | false | cat": "the dump failed (exit code 1)",
    }.items():
        assert said in wiki(dump=dump).fails()
    assert process(vps) == before, "nothing was stopped for it"


@pytest.mark.in_turns("told")
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


@pytest.mark.in_turns
@pytest.mark.fault("a restore of a folder does not take its dump, its unit does not start, or it is killed")
@pytest.mark.parametrize("what", ["load", "start", "killed"])
def test_a_restore_that_fails_leaves_what_was_there_running(vps, wiki, tmp_path, what):
    load = {
        "load": "exit 3",
        "start": "cat >/srv/wiki/broken",
        "killed": "[ -e /tmp/loaded ] || { touch /tmp/loading /tmp/loaded; exec sleep 1000; }",
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
    kept = [*(vps.root / "srv/deploy/wiki").glob("database.*")]
    assert len(kept) == (what == "load"), "what its command does not take again is kept"
    assert all(b"INSERT INTO t VALUES" in each.read_bytes() for each in kept)


NAME = "pages"


class Program(Entry):
    """A kind whose program is the unit of the wiki."""

    kind: str = "program"
    backup: BackupChoice = BackupChoice()

    def files(self, name, facts):
        return {"/etc/program": File(b"")}

    def units(self, name):
        return frozenset({"wiki.service"})

    def backs_up(self):
        return Backup(paths=("/srv/wiki/home.md",))


@pytest.fixture
def program(vps, key, wiki):
    """The same wiki as an entry of sites.yaml, with the files that the parts write for it."""
    wiki()
    config = Config.model_validate(
        {"backups": {"recipient": key.public.name}}, context={"folder": key.public.parent}
    )
    entry = Program.model_construct()
    config = config.model_copy(update={"services": {NAME: entry}})
    facts = Facts(os="debian", release="13")
    share = with_parts(config, NAME, entry.share(NAME, facts), facts)
    put(vps, dict(share.files))
    assert {f"/etc/deploy/sites/{NAME}.conf", f"/etc/deploy/backup/{NAME}"} <= {*share.files}
    yield Backed(vps, key, NAME)
    vps.run(f"rm -rf /etc/deploy/sites/{NAME}.conf /etc/deploy/backup/{NAME} /srv/deploy/{NAME}")


def call(vps, script: str, code: int = 0) -> str:
    done = vps.run(f"/usr/local/lib/deploy/bin/{script}", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_what_runs_as_units_is_stopped_and_started_as_containers_are(vps, program):
    before = process(vps)
    assert call(vps, f"well {NAME}") == ""
    assert f"{NAME} is stopped" in call(vps, f"stop {NAME} --by ada")
    assert active(vps) == ["inactive"] * 3, "systemd stops what requires it, too"
    assert call(vps, f"well {NAME}").startswith(f"{NAME}\t\tby ada, 20")
    assert "stopped on purpose by ada" in call(vps, f"summary {NAME}")
    assert "✓ start" in call(vps, f"start {NAME}")
    assert process(vps) != before
    before = process(vps)
    assert "wiki.service: ran already" not in call(vps, f"restart {NAME} --by bob")
    assert process(vps) != before
    before = process(vps)
    call(vps, f"start {NAME}")
    assert process(vps) == before, "what runs goes on"
    assert f"✓ {NAME}: 1 units up" in call(vps, f"summary {NAME}")
    lines = [json.loads(line) for line in (vps.root / "var/log/deploy/push.log").read_text().splitlines()]
    ours = [(each["action"], each["by"], each["result"]) for each in lines if each["site"] == NAME][-4:]
    assert ours == [
        *(("stop", "ada", "stopped"), ("start", "root", "live")),
        *(("restart", "bob", "live"), ("start", "root", "live")),
    ]
    assert "nothing of it is pushed" in call(vps, f"push {NAME}", code=2)
    assert "packages of the server" in call(vps, f"update {NAME} --check")


def test_a_restore_starts_what_was_stopped_on_purpose_and_leaves_it_so_when_it_fails(vps, program):
    vps.run("systemctl enable --quiet wiki")
    program.run()
    call(vps, f"stop {NAME} --by ada")
    vps.run("touch /srv/wiki/broken")
    program.decrypt(vps.root / "root/plain.tar")
    assert "wiki.service does not start" in call(vps, f"restore {NAME} </root/plain.tar", code=1)
    assert call(vps, f"well {NAME}").startswith(f"{NAME}\t\tby ada, 20")
    assert vps.run("systemctl is-enabled wiki", check=False).stdout == "disabled\n"
    vps.run("rm /srv/wiki/broken")
    program.restore()
    assert (call(vps, f"well {NAME}"), active(vps)[0]) == ("", "active")
    assert vps.run("systemctl is-enabled wiki").stdout == "enabled\n"
    assert not [*(vps.root / f"srv/deploy/{NAME}").glob("[sd]*")]
    vps.run("systemctl disable --quiet wiki")


@pytest.mark.in_turns("told")
def test_a_unit_that_does_not_start_is_told_and_its_words_are_shown(vps, program):
    vps.run("echo 'echo a last word; exit 7' >/srv/wiki/say; systemctl stop wiki; touch /srv/wiki/broken")
    said = call(vps, f"start {NAME}", code=1)
    assert "✗ start: wiki.service does not start; it says: " in said
    assert f"{NAME} is not well: wiki.service has failed; it says: " in said
    assert call(vps, f"well {NAME}").startswith(f"{NAME}\twiki.service has failed; it says: ")
    shown = call(vps, f"logs {NAME} --lines 3").splitlines()
    assert len(shown) == 3
    assert "Failed to start wiki.service" in shown[-1]
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        (unit,) = units(server, {NAME: Program.model_construct()})
    assert (unit.composition, unit.service, unit.state, unit.fine) == (NAME, "wiki.service", "failed", False)


def test_an_entry_of_units_is_backed_up_and_restored(vps, program):
    program.run()
    assert program.log()["result"] == "ok", program.log()
    assert program.log()["downtime"] > 0
    assert active(vps) == RUNNING
    vps.run("rm /srv/wiki/home.md")
    program.restore()
    assert (vps.root / "srv/wiki/home.md").read_text() == "# Home\n"
    assert active(vps) == RUNNING
