"""Files of every sort into an archive and out again: nothing is lost, and nothing plain is left."""

import errno
import os
import shlex
import sqlite3
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.backups.archives import parse
from deployer.home.reading import read
from vps.backup.conftest import configure, make_key
from vps.restore.byhand import fill, state
from vps.waiting import until

STATE = "LC_ALL=C tar --sort=name --numeric-owner --acls --xattrs --format=posix --pax-option=delete=atime,delete=ctime"


def digest(root: Path, *paths: str) -> str:
    """All that a file system knows of these, from outside of the machine."""
    argv = f"{STATE} -c -C {root} {' '.join(path.lstrip('/') for path in paths)} | sha256sum"
    return subprocess.run(["bash", "-c", argv], capture_output=True, text=True, check=True).stdout


def written(file: Path) -> dict[int, bytes]:
    """The blocks of 4 KiB of a sparse file that are not all zeros, by their offset; its holes are not read."""
    blocks = {}
    with file.open("rb") as stream:
        end = 0
        while True:
            try:
                begin = os.lseek(stream.fileno(), end, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:  # there is no more
                    raise
                return blocks
            end = os.lseek(stream.fileno(), begin, os.SEEK_HOLE)
            for offset in range(begin - begin % 4096, end, 4096):
                block = os.pread(stream.fileno(), 4096, offset)
                if block.strip(b"\0"):
                    blocks[offset] = block


def test_everything_that_a_file_system_can_have_comes_back(vps, folder, tmp_path):
    vps.run("mkdir -p /srv/photos; echo 1 >/srv/single")
    fill(vps, "/srv/photos")
    photos = folder("photos", "/srv/photos", "/srv/single")
    before = state(vps, "/srv/photos", "/srv/single")
    said = photos.run()
    assert said.splitlines()[0] == "▸ photos"
    assert said.splitlines()[-1].startswith("✓ photos ")
    log = photos.log()
    assert log["result"] == "ok", log
    assert log["downtime"] == 0
    (archive,) = photos.archives()
    assert log["file"] == archive
    assert log["bytes"] == (photos.folder / archive).stat().st_size
    tree = photos.unpack(tmp_path)
    assert photos.begin["paths"] == ["/srv/photos", "/srv/single"]
    assert digest(tree, "/srv/photos", "/srv/single") == digest(vps.root, "/srv/photos", "/srv/single")
    assert state(vps, "/srv/photos", "/srv/single") == before
    assert vps.run("ls /dev/shm").stdout == ""


@pytest.mark.in_turns("odd files")
def test_a_huge_sparse_file_takes_no_space(vps, folder, tmp_path):
    vps.run(
        "mkdir -p /srv/huge; cd /srv/huge; truncate -s 5G disk; echo end | dd of=disk bs=1M seek=4999 conv=notrunc 2>/dev/null"
    )
    huge = folder("huge", "/srv/huge")
    huge.run()
    assert huge.log()["bytes"] < 100_000
    tree = huge.unpack(tmp_path)
    disk = tree / "srv/huge/disk"
    assert disk.stat().st_size == 5 << 30
    assert disk.stat().st_blocks < 1000
    assert written(disk) == written(vps.root / "srv/huge/disk")


@pytest.mark.in_turns("odd files")
def test_what_a_restore_put_aside_is_no_part_of_it(vps, folder, tmp_path):
    aside = (".before-restore-20261121-010203", "data.before-restore-20261121-010203")
    for name in (*aside, "data", "before-restore-hope"):
        vps.run(f"mkdir -p /srv/mended/{name}; echo 1 >/srv/mended/{name}/file")
    mended = folder("mended", "/srv/mended")
    mended.run()
    tree = mended.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "srv/mended").iterdir()) == ["before-restore-hope", "data"]


def test_each_key_of_the_file_opens_an_archive(vps, folder, key, tmp_path):
    """Also one in a block of its own; when one of them can open nothing, that is told and not passed over."""
    vps.run("mkdir -p /srv/shared; echo kept >/srv/shared/file")
    keys = [make_key(tmp_path / name) for name in ("first", "second", "third")]
    blocks = [made.public.read_bytes() for made in keys]
    keys[0].gpg("--import", keys[1].public)
    (tmp_path / "all.asc").write_bytes(keys[0].gpg("--armor", "--export").stdout + blocks[2])
    configure(vps, replace(key, public=tmp_path / "all.asc"))
    try:
        shared = folder("shared", "/srv/shared")
        shared.run()
        for number, made in enumerate(keys):
            (tmp_path / str(number)).mkdir()
            tree = replace(shared, key=made).unpack(tmp_path / str(number))
            assert (tree / "srv/shared/file").read_text() == "kept\n"
            made.stop_agent()
        late = make_key(tmp_path / "late", expire="2020-02-01", when="20200101T000000!")
        (tmp_path / "all.asc").write_bytes(b"".join([*blocks, late.public.read_bytes()]))
        configure(vps, replace(key, public=tmp_path / "all.asc"))
        assert "has expired on 2020-02-01" in shared.fails()
    finally:
        configure(vps, key)


@pytest.mark.in_turns("odd files")
def test_archives_are_no_part_of_an_archive_and_stay_when_home_is_restored(vps, folder, tmp_path):
    vps.run("mkdir -p /home/ada; echo 1 >/home/ada/file; head -c 3M /dev/urandom >/home/ada/random")
    homes = folder("homes", "/home")
    for number in range(3):
        homes.run()
        assert homes.log()["bytes"] < 4_000_000, f"archive {number} has others in it"
    tree = homes.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "home").iterdir()) == ["ada"]
    kept = homes.archives()
    vps.run("echo 2 >/home/ada/file; echo more >/home/more")
    homes.restore()
    assert (vps.root / "home/ada/file").read_text() == "1\n"
    assert not (vps.root / "home/more").exists()
    assert homes.archives() == kept
    vps.run("/usr/local/lib/deploy/bin/restore homes --forget")
    assert homes.archives() == kept


@pytest.mark.in_turns("odd files")
def test_archives_under_another_name_are_no_part_of_an_archive(vps, folder, tmp_path):
    """The folder of archives is a link to a larger disk."""
    vps.run("mkdir -p /srv/disk/pictures /srv/disk/archives; echo 1 >/srv/disk/pictures/one")
    vps.run("mv /home/backups /home/backups.before; ln -s ../srv/disk/archives /home/backups")
    try:
        disk = folder("disk", "/srv/disk")
        disk.run()
        disk.run()
        tree = disk.unpack(tmp_path)
        assert sorted(path.name for path in (tree / "srv/disk").iterdir()) == ["pictures"]
    finally:
        vps.run("rm -r /home/backups /srv/disk/archives; mv /home/backups.before /home/backups")


NOBODY = 65534
WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
number = database.execute("SELECT coalesce(max(n), 0) FROM t").fetchone()[0]
while True:
    number += 1
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO t VALUES (?, randomblob(3000))", [(number,), (-number,)] * 20)
    database.execute("DELETE FROM t WHERE abs(n) = ?", (number - 60,))
    database.execute("COMMIT")
    if number == 100:
        open("/tmp/ready", "w").close()
"""
NAMES = {"wal": "app.db", "delete": "\u00fc [b]*\\n\nx.sqlite"}
"""Names as people and programs give them, also with what means something to tar, find and bash."""


@pytest.mark.in_turns
@pytest.mark.parametrize("mode", NAMES)
@pytest.mark.parametrize("size", ["small", "large"])
def test_sqlite_files_are_whole_however_busy_they_are(vps, folder, tmp_path, mode, size):
    """As in markmhendrickson/neotoma#2075: a copy of file and log is malformed when a commit comes between."""
    place = vps.root / "srv/lite" / size / mode
    (place / "deep").mkdir(parents=True)
    file = place / "deep" / NAMES[mode]
    (place / "deep/notes.txt").write_text("SQLite format 3 is what I write about\n".ljust(1024))
    (place / "empty.db").touch()
    with sqlite3.connect(file) as made:
        made.execute(f"PRAGMA journal_mode={mode}")
        made.execute("CREATE TABLE t (n INTEGER, what BLOB)")
        made.execute("CREATE INDEX i ON t (n, what)")
        made.execute("CREATE TABLE other (what BLOB)")
        if size == "large":
            made.execute("INSERT INTO other VALUES (zeroblob(140000000))")
    made.close()
    os.chown(file, NOBODY, NOBODY)
    os.chown(file.parent, NOBODY, NOBODY)
    file.chmod(0o640)
    inside = "/" + str(file.relative_to(vps.root))
    vps.run(
        f"systemd-run --unit=writer --collect --uid=nobody python3 -c {shlex.quote(WRITER)} {shlex.quote(inside)}"
    )
    until(vps, "[ -e /tmp/ready ] && rm /tmp/ready")
    lite = folder(f"lite-{size}-{mode}", f"/srv/lite/{size}/{mode}")
    try:
        lite.run()
        assert (lite.log()["result"], lite.log()["downtime"]) == ("ok", 0), lite.log()
        assert vps.run("systemctl is-active writer").stdout == "active\n"
    finally:
        vps.run("systemctl stop writer; rm -f /tmp/ready")
    tree = lite.unpack(tmp_path)
    copy = tree / file.relative_to(vps.root)
    log = [f"{copy.name}-wal"] if (size, mode) == ("large", "wal") else []
    assert sorted(path.name for path in copy.parent.iterdir()) == sorted([copy.name, *log, "notes.txt"])
    assert (copy.stat().st_uid, copy.stat().st_mode & 0o7777) == (NOBODY, 0o640)
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        count, total = database.execute("SELECT count(*), sum(n) FROM t").fetchone()
        assert count > 1000
        assert (count % 40, total) == (0, 0), "no transaction is there by half"
        assert database.execute("SELECT sum(length(what)) FROM other").fetchone()[0] == (
            140_000_000 if size == "large" else None
        )
    database.close()
    assert vps.run("ls /dev/shm").stdout == ""
    vps.run(f"rm -r /srv/lite/{size}/{mode} /home/backups/lite-{size}-{mode}")


def journal(super_journal: str, pages: int) -> bytes:
    """A journal of SQLite that a crash has left, which names another file: SQLite deletes that when it is done."""
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", 0, 0, pages, 512, 4096)
    name = super_journal.encode()
    end = name + struct.pack(">2I", len(name), sum(name)) + bytes.fromhex("d9d505f920a163d7")
    return header.ljust(512, b"\0") + struct.pack(">I", 1 << 18) + end


def test_what_is_beside_an_sqlite_file_harms_nothing(vps, folder, tmp_path):
    for name in ("bait", "tried"):
        place = vps.root / "srv" / name
        place.mkdir()
        with sqlite3.connect(place / "app.db") as made:
            made.execute("CREATE TABLE t (n)")
        made.close()
        (vps.root / f"srv/victim-of-{name}").write_text("precious\n")
        (place / "app.db-journal").write_bytes(journal(f"/srv/victim-of-{name}", 2))
        os.chown(place / "app.db", NOBODY, NOBODY)
    vps.run("ln -s /root/secret.db /srv/bait/secret.db; sqlite3 /root/secret.db 'CREATE TABLE secret (n)'")
    vps.run("sqlite3 /srv/tried/app.db 'SELECT * FROM t'")
    assert not (vps.root / "srv/victim-of-tried").exists(), "it is no bait"
    bait = folder("bait", "/srv/bait")
    bait.run()
    assert bait.log()["result"] == "ok", bait.log()
    assert (vps.root / "srv/victim-of-bait").read_text() == "precious\n"
    tree = bait.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "srv/bait").iterdir()) == ["app.db", "secret.db"]
    assert (tree / "srv/bait/secret.db").is_symlink()


@pytest.mark.in_turns("odd files")
def test_what_only_looks_like_an_sqlite_file_is_saved_and_told(vps, folder, tmp_path):
    vps.run("mkdir -p /srv/odd; { printf 'SQLite format 3\\0'; head -c 1520 /dev/zero; } >/srv/odd/app.db")
    odd = folder("odd", "/srv/odd")
    odd.run()
    assert odd.log()["result"] == "warning"
    assert "/srv/odd/app.db is saved as it is, and may be of no use" in odd.log()["warnings"][0]
    tree = odd.unpack(tmp_path)
    assert (tree / "srv/odd/app.db").read_bytes() == (vps.root / "srv/odd/app.db").read_bytes()
    vps.run(
        "mv /srv/odd/app.db $'/srv/odd/caf\\xe9 \u00fc.db'"
    )  # as a name of Latin-1 that was never converted
    odd.run()
    assert "/srv/odd/caf? ??.db is saved as it is" in odd.log()["warnings"][0]
    (tmp_path / "latin").mkdir()
    odd.unpack(tmp_path / "latin")
    assert odd.end["warnings"] == odd.log()["warnings"]


def test_the_home_server_reads_what_the_server_made(vps, folder, key, monkeypatch):
    vps.run("mkdir -p /srv/read/every; cd /srv/read; truncate -s 2G sparse; echo end >>sparse")
    fill(vps, "/srv/read/every")
    made = folder("read", "/srv/read")
    made.run()
    (file,) = made.archives()
    archive = parse(f"read/{file}")
    assert archive is not None
    monkeypatch.setenv("GNUPGHOME", str(key.home))
    found = read(made.folder / file, archive)
    argv = f"gpg --batch -q --homedir {key.home} -d {made.folder / file} | zstd -dq | tar -t | wc -l"
    listed = subprocess.run(["bash", "-o", "pipefail", "-c", argv], capture_output=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert found.members == int(listed.stdout) - 1
    assert found.bytes < 10_000_000, "what is sparse is not read as gigabytes of nothing"
