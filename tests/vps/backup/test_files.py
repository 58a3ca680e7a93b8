"""Files of every sort into an archive and out again: nothing is lost, and nothing plain is left."""

import errno
import os
import subprocess
from pathlib import Path

from vps.restore.byhand import fill, state

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


def test_what_a_restore_put_aside_is_no_part_of_it(vps, folder, tmp_path):
    aside = (".before-restore-20261121-010203", "data.before-restore-20261121-010203")
    for name in (*aside, "data", "before-restore-hope"):
        vps.run(f"mkdir -p /srv/mended/{name}; echo 1 >/srv/mended/{name}/file")
    mended = folder("mended", "/srv/mended")
    mended.run()
    tree = mended.unpack(tmp_path)
    assert sorted(path.name for path in (tree / "srv/mended").iterdir()) == ["before-restore-hope", "data"]
