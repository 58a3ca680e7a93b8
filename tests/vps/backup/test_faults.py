"""What goes wrong: keys that are no good, full disks, clocks, what changes or is killed. The archives stay."""

import json
import shlex
import time
from datetime import UTC, datetime, timedelta

import pytest

from deployer.backups.retention import Keep, kept
from vps.backup.conftest import configure, make_key, standing_still
from vps.waiting import started, until, until_it_says, until_listening, until_locked

pytestmark = pytest.mark.in_turns("faults", of="modules")

STAMP = "%Y-%m-%d-%H%M%S"


@pytest.fixture
def small(vps, folder):
    """A folder that has one archive."""
    vps.run("mkdir -p /srv/small; echo x >/srv/small/file; rm -rf /home/backups/small")
    backed = folder("small", "/srv/small")
    backed.run()
    return backed


@pytest.mark.in_turns("faults")
@pytest.mark.fault("the key of the backups is expired, revoked or unfit", rounds=4)
def test_a_key_that_cannot_encrypt(vps, key, small, tmp_path):
    file = vps.root / "etc/deploy/backup-key.asc"
    expired = make_key(tmp_path / "expired", expire="2020-02-01", when="20200101T000000!")
    try:
        for content, why in (
            (expired.public.read_bytes(), "has expired on 2020-02-01"),
            (make_key(tmp_path / "sign", usage="sign").public.read_bytes(), "can only sign, not encrypt"),
            (b"nothing", "has no GPG key that can be read"),
            (None, "there is no key /etc/deploy/backup-key.asc"),
        ):
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content)
            assert why in small.fails()
            assert why in small.log()["error"]
    finally:
        configure(vps, key)
    small.run()


def test_a_key_that_expires_soon_is_a_warning(vps, key, small, tmp_path):
    soon = make_key(tmp_path, expire="20d")
    configure(vps, soon)
    time.sleep(1)
    said = small.run()
    configure(vps, key)
    assert " expires on " in said
    assert small.log()["result"] == "warning"
    assert " expires on " in small.log()["warnings"][0]


def test_a_private_key_on_the_server_is_refused(vps, key, small, tmp_path):
    pair = make_key(tmp_path)
    (vps.root / "etc/deploy/backup-key.asc").write_bytes(pair.gpg("--armor", "--export-secret-keys").stdout)
    pair.stop_agent()
    said = small.fails()
    configure(vps, key)
    assert "has a PRIVATE key in it" in said


@pytest.mark.in_turns("faults")
@pytest.mark.fault("the disk is full during a backup")
def test_a_full_disk(vps, folder):
    vps.run("mkdir -p /home/backups/full /srv/full; head -c 20M /dev/urandom >/srv/full/random")
    vps.mount_small("/home/backups", 65)
    backed = folder("full", "/srv/full")
    try:
        backed.run()
        assert "not enough space in /home/backups: " in backed.run(code=1)
        vps.run(
            "rm /home/backups/full/*; head -c 80M /dev/urandom >/srv/full/random; ln -s /etc/passwd /srv/full/link"
        )
        vps.run(
            "mkdir -p /home/backups/full; echo x >/home/backups/full/backup-full-2020-01-01-000000.tar.zst.gpg"
        )
        assert "the disk is full" in backed.run(code=1)
        assert vps.run("ls /home/backups/full").stdout.split() == [
            "backup-full-2020-01-01-000000.tar.zst.gpg"
        ]
        assert backed.log()["error"] == "the disk is full"
    finally:
        vps.run("umount /home/backups; rm -r /srv/full")


@pytest.mark.in_turns("faults")
@pytest.mark.fault("a user of the server holds the locks that backups wait for")
def test_nobody_else_can_hold_the_locks(vps, small):
    locks = "/var/lib/deploy/backup.lock /srv/deploy/small/lock"
    vps.run(f"chmod 644 {locks}")
    time.sleep(1)
    small.run()
    assert vps.run(f"stat -c %a {locks}").stdout.split() == ["600", "600"]


# the memory is full for as long as `head` writes the last piece of the dump there, and for no longer
FILLS = """
piece=/srv/deploy/memory/backup/dump/000001
for try in {1..1200}; do [[ -e $(echo /dev/shm/deploy-backup.*)/stage$piece ]] && break; sleep 0.05; done
writer=$(find /proc/[0-9]*/fd/1 -lname "*$piece" | cut -d / -f 3)
cat /dev/zero >/dev/shm/fill 2>/dev/null
printf '%5000s' 'the end' | dd bs=5000 iflag=fullblock status=none # more than is written at its end only
for try in {1..1200}; do [[ -e /proc/$writer ]] || break; sleep 0.05; done
rm /dev/shm/fill
"""


@pytest.mark.in_turns("faults")
@pytest.mark.fault("the memory for a dump, or for all of a backup, is full", rounds=2)
def test_no_memory_left(vps, folder):
    vps.run("mkdir -p /srv/memory; echo x >/srv/memory/file; rm -rf /home/backups/memory")
    (vps.root / "srv/memory/dump").write_text(FILLS)
    vps.run("mount -o remount,size=64M /dev/shm")
    backed = folder("memory", "/srv/memory", dump="head -c 16M /dev/zero; bash /srv/memory/dump", load="cat")
    full = "✗ memory: there is no memory left for it in /dev/shm"
    try:
        assert full in backed.run(code=1)
        vps.run("cat /dev/zero >/dev/shm/fill", check=False)
        assert full in backed.run(code=1)
        assert not backed.archives()
    finally:
        vps.run("rm -f /dev/shm/fill; mount -o remount,size=50% /dev/shm")
    assert vps.run("ls /dev/shm").stdout == ""


@pytest.mark.in_turns("faults")
@pytest.mark.fault("more is saved than the disk has space for")
def test_what_is_new_among_the_places_counts_before_it_is_read(vps, folder):
    vps.run(
        "mkdir -p /srv/grown /srv/new; echo x >/srv/grown/file; head -c 100M /dev/urandom >/srv/new/random"
    )
    vps.mount_small("/home/backups", 65)
    try:
        folder("grown", "/srv/grown").run()
        assert "not enough space in /home/backups: " in folder("grown", "/srv/grown", "/srv/new").fails()
    finally:
        vps.run("umount /home/backups; rm -r /srv/grown /srv/new")


@pytest.mark.in_turns("faults")
@pytest.mark.fault("a dump waits for something that never comes")
def test_a_backup_that_hangs_is_given_up(vps, small, folder):
    """All others wait for it, tonight and in the nights to come."""
    script = vps.root / "usr/local/lib/deploy/lib/backup/archive"
    text = script.read_text()
    assert "PATIENCE=3600 " in text
    script.write_text(text.replace("PATIENCE=3600 ", "PATIENCE=2 "))
    try:
        hangs = folder("small", "/srv/small", dump="trap '' TERM; echo begun; sleep 301", load="cat")
        said = hangs.fails()
    finally:
        script.write_text(text)
    assert "it hangs: for 0 minutes nothing more has come (does its dump wait for something? trap" in said
    assert vps.run("pgrep -f 'sleep 301'", check=False).stdout == ""
    assert "✓ small" in folder("small", "/srv/small").run()


@pytest.mark.in_turns("faults")
@pytest.mark.fault("a file changes while it is backed up")
def test_a_file_that_changes_while_it_is_read_is_a_warning(vps, folder, tmp_path):
    vps.run("mkdir -p /srv/busy; head -c 1M /dev/urandom >/srv/busy/log; echo kept >/srv/busy/z")
    backed = folder("busy", "/srv/busy")
    reads = "find /proc/[0-9]*/fd -lname /srv/busy/log 2>/dev/null | grep -q ."
    with standing_still(vps, until=f"{reads} && echo more >>/srv/busy/log"):
        backed.run()
    assert backed.log()["result"] == "warning"
    assert any("srv/busy/log: file changed as we read it" in text for text in backed.log()["warnings"])
    tree = backed.unpack(tmp_path)
    assert (tree / "srv/busy/z").read_text() == "kept\n"
    vps.run("rm -r /srv/busy")


def test_what_is_not_there_is_an_error(vps, small):
    vps.run("mv /srv/small /srv/away")
    assert "there is no /srv/small" in small.fails()
    vps.run("mv /srv/away /srv/small")


def test_a_folder_that_is_a_link_is_saved_as_a_folder(vps, folder, tmp_path):
    vps.run("mkdir -p '/srv/d,i.s&k/photos'; echo picture >'/srv/d,i.s&k/photos/one'")
    vps.run("ln -s 'd,i.s&k/photos' '/srv/linked, too'; sqlite3 '/srv/linked, too/db' 'CREATE TABLE t (n)'")
    backed = folder("linked", "/srv/linked, too")
    backed.run()
    assert backed.log()["result"] == "ok"
    tree = backed.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "srv/linked, too").iterdir()) == ["db", "one"]
    assert (tree / "srv/linked, too/one").read_text() == "picture\n"
    assert backed.begin["paths"] == ["/srv/linked, too"]
    vps.run("echo spoilt >'/srv/linked, too/one'")
    backed.restore()
    assert vps.run("cat '/srv/linked, too/one'").stdout == "picture\n"


def test_a_folder_below_a_link_is_saved_as_it_is(vps, folder, tmp_path):
    vps.run("mkdir -p /srv/disk/photos; echo picture >/srv/disk/photos/one; ln -s disk /srv/below")
    vps.run("sqlite3 /srv/below/photos/db 'CREATE TABLE t (n)'")
    backed = folder("below", "/srv/below/photos")
    backed.run()
    assert backed.log()["result"] == "ok", backed.log()
    tree = backed.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "srv/below/photos").iterdir()) == ["db", "one"]
    assert backed.begin["paths"] == ["/srv/below/photos"]
    vps.run("echo spoilt >/srv/disk/photos/one")
    backed.restore()
    assert vps.run("cat /srv/disk/photos/one; readlink /srv/below").stdout == "picture\ndisk\n"


@pytest.mark.in_turns("faults")
@pytest.mark.fault("tar leaves out what it shall save")
def test_nothing_of_what_is_there_is_a_failure(vps, folder, tmp_path):
    vps.run(
        "mkdir -p '/srv/full/f ü\t\\' /srv/empty; echo x >'/srv/full/f ü\t\\/file'; rm -rf /home/backups/f*"
    )
    backed = folder("filled", "/srv/empty", "/srv/full/f ü\t\\")
    blind = vps.root / "usr/local/bin/tar"
    blind.write_text('#!/bin/sh\nexec /usr/bin/tar --exclude="srv/full/*/*" "$@"\n')
    blind.chmod(0o755)
    try:
        assert "nothing of /srv/full/f ü\t\\ is in the archive, and there is something" in backed.fails()
    finally:
        blind.unlink()
    backed.run()
    assert backed.log()["result"] == "ok"
    tree = backed.unpack(tmp_path)
    end = json.loads((tree / "srv/deploy/filled/backup/end.json").read_text())
    assert end["held"]["/srv/empty"] == 0
    assert list(end["held"].values()) == [0, 1]


def test_half_the_size_is_a_warning(vps, folder):
    vps.run("mkdir -p /srv/half; head -c 1M /dev/urandom >/srv/half/random")
    backed = folder("half", "/srv/half")
    backed.run()
    vps.run("truncate -s 100K /srv/half/random; sleep 1")
    assert "the last one had 1 MB" in backed.run()
    assert backed.log()["result"] == "warning"


@pytest.mark.in_turns("faults")
@pytest.mark.fault("the clock goes back between backups")
def test_a_clock_that_went_back_deletes_nothing(vps, small):
    future = vps.root / "home/backups/small/backup-small-2099-01-01-000000.tar.zst.gpg"
    future.write_text("x")
    future.with_name(future.name + ".sha256").write_text(f"{'0' * 64}  {future.name}\n")
    old = vps.root / "home/backups/small/backup-small-2001-01-01-000000.tar.zst.gpg"
    old.write_text("x")
    old.with_name(old.name + ".sha256").write_text(f"{'0' * 64}  {old.name}\n")
    configure(vps, small.key, keep={"daily": 1, "weekly": 0, "monthly": 0})
    time.sleep(1)
    said = small.run()
    assert f"{future.name} is from the future" in said
    assert len(small.archives()) == 4
    assert small.log()["result"] == "warning"
    future.unlink()
    time.sleep(1)
    small.run()
    assert len(small.archives()) == 3, "those of today"
    assert not old.exists()
    configure(vps, small.key)


@pytest.mark.in_turns
@pytest.mark.parametrize("keep", [Keep(7, 4, 6), Keep(1, 0, 0), Keep(3, 10, 2), Keep(2, 2, 30)])
def test_the_same_archives_stay_as_at_home(vps, key, keep):
    start = datetime(2026, 11, 20, 23, tzinfo=UTC)
    gaps = [0, 0.2, 0.3, 1, 1.3, 2, 2.1, 3, 6, 7, 8, 9, 15, 20, 26, 40, 41, 60, 90, 100, 200, 330, 331, 700]
    times = [start - timedelta(days=gap) for gap in gaps]
    names = {f"backup-gfs-{moment.strftime(STAMP)}.tar.zst.gpg": moment for moment in times}
    vps.run("rm -rf /home/backups/gfs; mkdir -p /home/backups/gfs")
    make = " ".join(names)
    vps.run(f"cd /home/backups/gfs; for f in {make}; do echo x >$f; echo x >$f.sha256; done; echo x >b.part")
    configure(vps, key, keep={"daily": keep.daily, "weekly": keep.weekly, "monthly": keep.monthly})
    vps.run("/usr/local/lib/deploy/bin/backup-prune gfs --dry-run")
    assert len(list((vps.root / "home/backups/gfs").glob("*.gpg"))) == len(names)
    vps.run("/usr/local/lib/deploy/bin/backup-prune gfs")
    left = {names[path.name] for path in (vps.root / "home/backups/gfs").glob("*.gpg")}
    configure(vps, key)
    assert left == kept(times, keep)


LISTEN = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("/root/told", "ab").write(self.path.encode() + b" " + self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 9913), Handler).serve_forever()
"""


def test_all_of_them_are_backed_up_and_failures_are_told(vps, key, small, folder, tmp_path):
    vps.run(
        f"rm -f /etc/deploy/backup/* /root/told; systemd-run --collect --unit=listen python3 -c {shlex.quote(LISTEN)}"
    )
    folder("small", "/srv/small")
    folder("gone", "/srv/gone")
    configure(vps, make_key(tmp_path, expire="20d"), notify="http://127.0.0.1:9913/topic")
    until_listening(vps, 9913)
    time.sleep(1)
    try:
        done = vps.run("/usr/local/lib/deploy/bin/backup --by cron", check=False)
    finally:
        vps.run("systemctl stop listen")
        configure(vps, key)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 of 2 is backed up"
    assert small.log()["by"] == "cron"
    told = (vps.root / "root/told").read_text()
    assert told.startswith(f"/topic {vps.name}: gone: there is no /srv/gone"), told
    assert " expires on " in told.splitlines()[-1]
    lines = vps.run("/usr/local/lib/deploy/bin/backup-list small").stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == small.archives()[::-1]
    assert vps.run("/usr/local/lib/deploy/bin/backup nothing", check=False).returncode == 69


@pytest.mark.in_turns("faults")
@pytest.mark.fault("one of several backups that are made at once fails or is killed")
def test_small_ones_are_made_at_once_and_told_in_order(vps, folder):
    vps.run(
        "rm -rf /etc/deploy/backup/* /srv/pair /home/backups/[a-e]-*; mkdir -p /srv/pair/one/inner /srv/pair/two"
    )
    vps.run("for each in one one/inner two; do head -c 1M /dev/urandom >/srv/pair/$each/big; done")
    folder("a-one", "/srv/pair/one")
    folder("b-inner", "/srv/pair/one/inner")
    two = folder("c-two", "/srv/pair/two")
    folder("d-gone", "/srv/pair/gone")
    folder("e-dump", dump="echo dumped", load="cat")
    with standing_still(vps):
        night = started(vps, "/usr/local/lib/deploy/bin/backup")
        until(vps, "ls /home/backups/a-one/*.part && ls /home/backups/c-two/*.part")
        vps.run("[ ! -e /home/backups/b-inner ]")  # it has files of a-one
        vps.run("! flock --nonblock /var/lib/deploy/backup.lock true")
        vps.run("pkill -KILL -f /etc/deploy/backup/c-two")
    lines = [line for line in night.communicate()[0].splitlines() if not line.startswith("! c-two: waiting")]
    assert [" ".join(line.split()[:2]) for line in lines[:-1]] == [
        *("▸ a-one", "✓ a-one", "▸ b-inner", "✓ b-inner"),
        *("▸ c-two", "! c-two:", "▸ d-gone", "✗ d-gone:", "▸ e-dump", "e-dump is"),
        *("▸ c-two", "✓ c-two", "▸ e-dump", "✓ e-dump"),
    ], lines
    assert lines[5] == "! c-two: its backup was killed: it is made once more, by itself"
    assert lines[9] == "  e-dump is made by itself, when the small ones are"
    assert lines[-1] == "4 of 5 are backed up"
    assert len(two.archives()) == 1
    assert (
        vps.run("ls /dev/shm; ls /home/backups/[a-e]-*/*.part 2>&1 | grep -v 'No such'", check=False).stdout
        == ""
    )
    vps.run("rm -rf /etc/deploy/backup/* /srv/pair /srv/deploy/[a-e]-* /home/backups/[a-e]-*")


@pytest.mark.in_turns("faults")
@pytest.mark.fault("two backups at once")
def test_two_at_once_wait_for_each_other(vps, folder):
    vps.run("mkdir -p /srv/both; echo x >/srv/both/file")
    both = folder("both", "/srv/both")
    vps.run("systemd-run --collect --unit=holder flock /var/lib/deploy/backup.lock sleep 60")
    until_locked(vps, "/var/lib/deploy/backup.lock")
    first, second = (started(vps, "/etc/deploy/backup/both") for _ in range(2))
    for each in (first, second):
        until_it_says(each, "both: waiting for another backup")
    vps.run("systemctl stop holder")
    for each in (first, second):
        assert "✓ both" in each.communicate()[0]
    lines = (vps.root / "var/log/deploy/backup.log").read_text().splitlines()
    assert [json.loads(line)["result"] for line in lines if '"both"' in line] == ["ok", "ok"]
    assert len(both.archives()) == 2, "all of the last two days"
    vps.run("rm -r /srv/both /home/backups/both")


def test_who_may_read_the_archives(vps, small):
    mode = "stat -c '%a %U:%G' /home/backups/small /home/backups/small/*.gpg | sort -u"
    assert vps.run(mode).stdout.split("\n")[:2] == ["600 root:root", "700 root:root"]
    vps.run("groupadd --system deploy; sleep 1")
    small.run()
    vps.run("groupdel deploy")
    assert "640 root:UNKNOWN" in vps.run(mode).stdout
    assert "750 root:UNKNOWN" in vps.run(mode).stdout
