"""Archives come home from a real server, over a key that can only read them."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chance import noise
from deployer.backups.archives import Archive
from deployer.config.loader import load
from deployer.home import arrival
from deployer.home.failures import Full
from deployer.home.link import Link
from deployer.home.pull import pull
from deployer.home.records import STAMP
from home.listener import Listener
from home.sample import lay, now
from vps.home.conftest import HomeServer
from vps.project import DEPLOY
from vps.waiting import client

LARGE = 24_000_000
SLOW = "--bwlimit=8m"
"""What is to be met halfway takes its time, however small it is."""


def content(home: HomeServer, archive: Archive) -> tuple[bytes, bytes]:
    """An archive at home, and on the server."""
    return (home.directory / archive.path).read_bytes(), (home.there / archive.path).read_bytes()


def test_what_is_new_comes_home_once(home: HomeServer) -> None:
    made = home.offer("a.example.org", 3) + home.offer("photos", 2)
    (home.there / "photos/backup-photos-2026-01-01-000000.tar.zst.gpg.part").write_text("being written")
    (home.there / "photos/notes.txt").write_text("no archive")
    first = home.deploy("backup", "--pull")
    assert "a.example.org" in first.stdout
    assert first.stdout.count("150 KB") == 1
    assert home.paths() == sorted(archive.path for archive in made)
    assert all(here == there for here, there in (content(home, archive) for archive in made))
    subprocess.run(
        "sha256sum --quiet --check *.sha256", shell=True, cwd=home.directory / "photos", check=True
    )
    again = home.pull()
    assert (again["fine"], [site["new"] for site in again["sites"]]) == (True, [0, 0])
    assert not list((home.directory / ".deploy/incoming").iterdir())


def test_what_the_server_deletes_stays_at_home_as_long_as_home_keeps_it(home: HomeServer) -> None:
    made = home.offer("a.example.org", 5)
    home.section["keep"] = {"daily": 4, "weekly": 1, "monthly": 1}
    first = home.pull()["sites"][0]
    assert (first["new"], first["removed"]) == (4, 0), "what would go at once is not even fetched"
    for archive in made[1:]:
        (home.there / archive.path).unlink()
        (home.there / f"{archive.path}.sha256").unlink()
    assert home.pull()["sites"][0]["archives"] == 4
    home.section["keep"] = {"daily": 2, "weekly": 1, "monthly": 1}
    assert home.pull()["sites"][0]["removed"] == 1, "the three newest always stay"
    assert home.paths() == sorted(archive.path for archive in made[:3])
    assert len(list((home.directory / "a.example.org").iterdir())) == 6


@pytest.mark.fault("an archive is altered on the server")
def test_an_altered_archive_is_refused_and_told(home: HomeServer) -> None:
    good, bad = home.offer("a.example.org", 2)
    original = (home.there / bad.path).read_bytes()
    (home.there / bad.path).write_bytes(bytes([original[0] ^ 1]) + original[1:])
    (trouble,) = home.pull(code=1)["troubles"]
    assert bad.file in trouble
    assert "was altered on the server" in trouble
    assert home.paths() == [good.path]
    rejected = home.directory / "a.example.org/rejected" / bad.file
    first = rejected.stat().st_ino
    assert home.pull(code=1)["troubles"] == [trouble]
    assert rejected.stat().st_ino == first, "the same wrong file is not fetched every night"
    (home.there / bad.path).write_bytes(original)
    later = (home.there / bad.path).stat().st_mtime + 5  # of another time, also for FAT
    os.utime(home.there / bad.path, (later, later))
    assert home.pull()["sites"][0]["archives"] == 2


@pytest.mark.in_turns
@pytest.mark.parametrize("with_digest", [True, False])
@pytest.mark.fault("an archive is altered after it came home")
def test_what_is_altered_after_it_came_is_told_and_the_copy_stays(
    home: HomeServer, with_digest: bool
) -> None:
    (archive,) = home.offer("a.example.org")
    home.pull()
    before = (home.directory / archive.path).read_bytes()
    if with_digest:
        lay(home.there, archive, noise(50_000))
    else:
        (home.there / archive.path).write_bytes(noise(40_000))
    (trouble,) = home.pull(code=1)["troubles"]
    assert ("has another digest" if with_digest else "has another size") in trouble
    assert (home.directory / archive.path).read_bytes() == before


@pytest.mark.in_turns("odd archives")
def test_archives_without_digest_and_from_the_future_stay_where_they_are(home: HomeServer) -> None:
    (bare,) = home.offer("a.example.org")
    (home.there / f"{bare.path}.sha256").unlink()
    late = Archive("b.example.org", now() + timedelta(days=30))
    lay(home.there, late, b"from another time")
    troubles = home.pull(code=1)["troubles"]
    assert ["no digest" in troubles[0], "from the future" in troubles[1]] == [True, True]
    assert home.paths() == []


@pytest.mark.in_turns("odd archives")
def test_a_digest_that_is_here_does_not_stand_for_one_that_the_server_lacks(home: HomeServer) -> None:
    made = home.offer("a.example.org", 3)
    home.pull()
    lost, large, empty = (home.there / f"{archive.path}.sha256" for archive in made)
    lost.unlink()
    large.write_text(large.read_text().ljust(5000))
    empty.write_bytes(b"")
    assert sorted(home.pull(code=1)["troubles"]) == sorted(
        f"{archive.file} has no digest on the server, and was left there" for archive in made
    )
    assert len(home.paths()) == 3


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the power fails when a pull has put the digest in place, and not yet the archive")
def test_a_digest_without_its_archive_does_not_stand_for_it(home: HomeServer) -> None:
    same, other = home.offer("a.example.org", 2)
    home.pull()
    home.store.part(same).parent.mkdir()
    for archive in (same, other):
        os.replace(home.directory / archive.path, home.store.part(archive))
    lay(home.there, other, noise(50_000))
    assert home.pull()["sites"][0]["new"] == 2
    for archive in (same, other):
        here, there = content(home, archive)
        assert here == there
        assert home.store.digest(archive) in (home.there / f"{archive.path}.sha256").read_text()
    assert list((home.directory / ".deploy/offered").rglob("*.sha256")) == []


@pytest.mark.in_turns("odd archives")
def test_a_server_that_makes_no_archives_is_told(home: HomeServer) -> None:
    assert home.pull(code=1)["troubles"] == ["there is no archive on the server"]
    old = Archive("photos", now() - timedelta(days=12))
    lay(home.there, old, b"old")
    home.offer("a.example.org")
    with Listener() as listener:
        home.section["notify"] = listener.section()
        (trouble,) = home.pull(code=1)["troubles"]
        assert trouble.startswith(
            f"photos lacks an archive since {old.time:%Y-%m-%d %H:%M} UTC. If it is backed"
        )
        assert ("healthchecks", "failure") in [heard[:2] for heard in listener.heard]
        assert len(home.paths()) == 2, "what there is of it comes home all the same"
        reported = json.loads(home.deploy("backup", "--report", "--json", code=1).stdout)["sites"]
        assert [site["lacks"] for site in reported] == [
            [],
            [f"an archive since {old.time:%Y-%m-%d %H:%M} UTC"],
        ]
        home.section["retired"] = ["photos"]
        assert home.pull()["troubles"] == []
        assert listener.heard[-1][:2] == ("healthchecks", "success")
    assert "retired" in home.deploy("backup", "--report").stdout
    # as of a service whose backups have failed from the first one on
    (home.there / "new.example.org").mkdir()
    assert home.pull(code=1)["troubles"] == ["new.example.org has no archive on the server: its backups fail"]
    (home.there / "new.example.org").rmdir()


@pytest.mark.in_turns("odd archives")
def test_times_that_differ_are_none_of_its_business(home: HomeServer) -> None:
    """As on FAT, which counts in steps of two seconds, or after `cp -r` to a new disk."""
    home.offer("a.example.org")
    (bad,) = home.offer("b.example.org")
    (home.there / bad.path).write_bytes(b"altered, and as long".ljust(bad.bytes))
    told = home.pull(code=1)["troubles"]
    for path in home.directory.rglob("*.gpg*"):
        os.utime(path, (1, path.stat().st_mtime - 1))
    rejected = home.directory / "b.example.org/rejected" / bad.file
    first = rejected.stat().st_ino
    assert home.pull(code=1)["troubles"] == told
    assert rejected.stat().st_ino == first
    moved = home.folder / "new disk"
    subprocess.run(["cp", "-r", home.directory, moved], check=True)
    (moved / "b.example.org/rejected" / bad.file).unlink()
    lay(home.there, bad, b"mended")
    home.section["directory"] = str(moved)
    assert [site["new"] for site in home.pull()["sites"]] == [0, 1]


@pytest.mark.in_turns("odd archives")
def test_a_flipped_byte_in_an_old_archive_is_found_by_and_by(home: HomeServer) -> None:
    made = home.offer("a.example.org", 6)
    home.section["reread"] = 3
    home.pull()
    old = home.directory / made[4].path
    content = bytearray(old.read_bytes())
    content[len(content) // 2] ^= 1
    old.write_bytes(content)
    nights, found = 0, []
    while not found and nights < 4:
        nights += 1
        next_night(home)
        night = home.pull(code=None)
        found = night["troubles"]
        assert night["read_again"] in (2, 3), "a third of them each night, and what the seconds since add"
    assert nights <= 3
    assert found == [f"a.example.org lacks a good copy of {old.name}, which is damaged at home"]
    aside = old.parent / "damaged" / old.name
    assert (aside.read_bytes(), old.exists()) == (content, False)
    (report,) = json.loads(home.deploy("backup", "--report", "--json", code=1).stdout)["sites"]
    assert (report["lacks"], report["all_read_since"] is None) == ([found[0].partition("lacks ")[2]], False)
    there = home.there / made[4].path
    away = there.rename(there.with_name("away"))
    assert home.pull(code=1)["troubles"] == found, "it is told until there is a good one"
    shutil.copy(away, there)
    assert home.pull()["troubles"] == []
    assert (aside.exists(), old.read_bytes()) == (False, there.read_bytes())


def next_night(home: HomeServer) -> None:
    """A day passes, as far as it is known what was read."""
    state = home.directory / ".deploy/read.json"
    times = json.loads(state.read_text())
    day = timedelta(days=1)
    for path, written in times.items():
        moved = datetime.strptime(written, STAMP) - day
        times[path] = moved.strftime(STAMP)
    state.write_text(json.dumps(times))


def path_with_rsync(home: HomeServer, first: str, options: str = "") -> str:
    """A PATH with an rsync that does something first, and then is the real one, with more options."""
    program = home.folder / "bin/rsync"
    program.parent.mkdir()
    asked = 'case "$1" in --version) exec /usr/bin/rsync --version;; esac'
    program.write_text(f'#!/bin/sh\n{asked}\n{first}\nexec /usr/bin/rsync {options} "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


@pytest.mark.in_turns("odd archives")
def test_a_thousand_archives_are_a_few_calls_and_each_proves_itself(
    home: HomeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = home.offer("a.example.org", 600, size=1000)
    altered, vanished = made[300], made[400]
    (home.there / altered.path).write_bytes(noise(1000))
    home.section["keep"] = {"daily": 1000, "weekly": 0, "monthly": 0}
    calls = home.folder / "calls"
    # each call is counted; what the server deletes after it was listed is gone when it is asked for
    vanishes = f'case "$*" in *files-from*) rm -f {home.there / vanished.path};; esac'
    monkeypatch.setenv("PATH", path_with_rsync(home, f"echo >>{calls}; {vanishes}"))
    troubles = home.pull(code=1)["troubles"]
    assert sorted(trouble.split()[0].rstrip(":") for trouble in troubles) == sorted(
        [altered.file, vanished.file]
    )
    assert home.paths() == sorted(a.path for a in made if a not in (altered, vanished))
    assert len(calls.read_text()) == 3, "the list, the digests, and all archives"
    subprocess.run(
        "sha256sum --quiet --check *.sha256", shell=True, cwd=home.directory / "a.example.org", check=True
    )


@contextmanager
def when_half_is_here(home: HomeServer, archive: Archive, action: object) -> Iterator[list[int]]:
    """Do something when some of a large archive has come; yields how much that was."""
    part = home.directory / ".deploy/incoming" / archive.path
    size: list[int] = []

    def watch() -> None:
        for _ in range(24000):
            if part.exists() and part.stat().st_size > LARGE // 20:
                size.append(part.stat().st_size)
                action()
                return
            time.sleep(0.005)

    thread = threading.Thread(target=watch)
    thread.start()
    yield size
    thread.join()
    assert size
    assert size[0] < LARGE, "it was too fast to be interrupted"


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the line is cut during a pull")
def test_a_cut_line_is_ridden_out(home: HomeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (archive,) = home.offer("a.example.org", size=LARGE)
    config = load(home.write())
    monkeypatch.setattr(arrival, "PAUSE", 1)

    given_up = home.folder / "given-up"
    part = home.directory / ".deploy/incoming" / archive.path
    tells = f'/usr/bin/rsync {SLOW} "$@"; code=$?; [ $code = 0 ] || touch {given_up}; exit $code'
    monkeypatch.setenv("PATH", path_with_rsync(home, tells))

    def cut() -> None:
        home.vps.cut()
        while part.exists() and not given_up.exists():
            time.sleep(0.01)
        home.vps.mend()

    with when_half_is_here(home, archive, cut), home.store.locked():
        done = pull(config.server, config.home, home.store, lambda text: None, silence=3)
    assert (done.troubles, done.failure) == ([], None)
    here, there = content(home, archive)
    assert here == there


@pytest.mark.in_turns("cut off")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.fault("a pull is killed")
def test_a_killed_pull_goes_on_where_it_was(home: HomeServer, by: signal.Signals) -> None:
    (archive,) = home.offer("a.example.org", size=LARGE)
    home.write()
    argv = [*DEPLOY, "backup", "--pull"]
    slow = os.environ | {"PATH": path_with_rsync(home, ":", SLOW)}
    first = client(argv, cwd=home.folder, stderr=subprocess.PIPE, env=slow)
    with when_half_is_here(home, archive, lambda: os.killpg(first.pid, by)):
        said = first.communicate()[1]
    if by == signal.SIGINT:
        told = "! what has come whole stays. What is missing yet: deploy backup --pull\n\nInterrupted.\n"
        assert (first.returncode, said.endswith(told)) == (130, True), said
    part = home.directory / ".deploy/incoming" / archive.path
    came = part.stat().st_size
    assert 0 < came < LARGE
    assert home.paths() == []
    smallest = [came]
    second = client(argv, cwd=home.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while second.poll() is None:
        if part.exists():
            smallest.append(part.stat().st_size)
        time.sleep(0.005)
    assert second.returncode == 0
    assert min(smallest) == came, "what had come was fetched again"
    here, there = content(home, archive)
    assert here == there


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("two pulls at once")
def test_two_pulls_at_once(home: HomeServer) -> None:
    (archive,) = home.offer("a.example.org")
    home.write()
    begun, on = home.folder / "begun", home.folder / "on"
    slow = os.environ | {
        "PATH": path_with_rsync(home, f"touch {begun}; until [ -e {on} ]; do sleep 0.05; done")
    }
    first = client([*DEPLOY, "backup", "--pull"], cwd=home.folder, stderr=subprocess.DEVNULL, env=slow)
    while not begun.exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = home.deploy("backup", "--pull", code=1)
    assert f"another pull is running: process {first.pid}, since" in second.stderr
    on.touch()
    assert first.wait() == 0
    assert home.paths() == [archive.path]


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the disk at home is full")
def test_a_full_disk_at_home(home: HomeServer) -> None:
    small, large = home.offer("a.example.org")[0], home.offer("b.example.org", size=60_000_000)[0]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", home.directory], check=True)
    home.store.settle()
    try:
        trouble, judged = home.pull(code=1)["troubles"]
        assert f"{large.file} needs more room" in trouble
        assert judged.startswith("b.example.org lacks 1 more fresh copy")
        assert home.paths() == [small.path]
        config = load(home.write())
        (home.directory / "ballast").write_bytes(bytes(80_000_000))
        with Link(config.server, config.home) as link, pytest.raises(Full, match="no room left"):
            link.fetch([large], home.directory)
    finally:
        subprocess.run(["umount", home.directory], check=True)


@pytest.mark.in_turns("odd archives")
def test_a_disk_that_is_not_mounted(home: HomeServer) -> None:
    (archive,) = home.offer("a.example.org")
    shutil.rmtree(home.directory)
    assert "there is no folder" in home.deploy("backup", "--pull", code=1).stderr
    assert not home.directory.exists()
    home.directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", home.directory], check=True)
    try:
        assert "no mark that backups live there" in home.deploy("backup", "--pull", code=1).stderr
        assert f"mounted at {home.directory}: " in home.deploy("backup", "--init").stderr
        home.pull()
        assert home.paths() == [archive.path]
        home.store.mark.unlink()
        home.pull()
        assert home.store.mark.is_file(), "one from before there were marks"
        with Listener() as listener:
            home.section["notify"] = listener.section()
            subprocess.run(["umount", home.directory], check=True)
            said = home.deploy("backup", "--pull", code=1).stderr
            assert ("healthchecks", "failure") in [heard[:2] for heard in listener.heard]
            home.section.pop("notify")
    finally:
        subprocess.run(["umount", home.directory], check=False, capture_output=True)
    assert "no mark that backups live there" in said
    assert "no mark" in home.deploy("backup", "--verify", code=1).stderr
    assert "no mark" in home.deploy("backup", "--list", code=1).stderr
    assert not list(home.directory.iterdir()), "nothing is begun on the disk below"


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("server", "section", "said"),
    [
        ({"host_key": "another"}, {}, "does not show the host key"),
        ({"host_key": None}, {}, "does not show the host key"),
        ({"port": 9}, {}, "cannot be reached: Connection refused"),
        ({}, {"key": "other"}, "refused the key"),
        ({}, {"key": "nowhere"}, "there is no key"),
        ({}, {"user": "nobody"}, "refused the key"),
    ],
)
def test_a_server_that_cannot_be_reached_or_trusted(
    home: HomeServer, server: dict[str, object], section: dict[str, str], said: str
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home.folder / "other"], check=True)
    home.offer("a.example.org")
    if server.get("host_key"):
        server = {"host_key": " ".join((home.folder / "other.pub").read_text().split()[:2])}
    home.server, home.section = server, section
    (trouble,) = home.pull(code=3)["troubles"]
    assert said in trouble
    assert home.paths() == []


def test_the_server_s_own_key_of_root_will_do(home: HomeServer) -> None:
    (archive,) = home.offer("a.example.org")
    home.section = {"user": "root", "key": str(home.vps.key)}
    home.pull()
    assert home.paths() == [archive.path]


def test_it_is_told_how_it_went(home: HomeServer) -> None:
    (archive,) = home.offer("a.example.org")
    with Listener() as listener:
        home.section["notify"] = listener.section()
        home.pull()
        assert [heard[:2] for heard in listener.heard] == [
            ("healthchecks", "start"),
            ("uptime_kuma", "up"),
            ("healthchecks", "success"),
        ]
        listener.heard.clear()
        (home.there / archive.path).write_bytes(b"altered")
        home.pull(code=1)
        assert [heard[:2] for heard in listener.heard][1:] == [
            ("ntfy", "failure"),
            ("uptime_kuma", "down"),
            ("healthchecks", "failure"),
        ]
        assert archive.file in listener.heard[1][2]
        listener.heard.clear()
        home.directory.rename(home.folder / "elsewhere")
        home.deploy("backup", "--pull", code=1)
        assert ("uptime_kuma", "down") in [heard[:2] for heard in listener.heard]
        (home.folder / "elsewhere").rename(home.directory)
    told = home.deploy("backup", "--pull", code=1).stderr
    assert "! ntfy could not be told" in told
    assert "secret" not in told


def test_the_key_can_do_nothing_else(home: HomeServer, tmp_path: Path) -> None:
    (archive,) = home.offer("a.example.org")
    config = load(home.write())
    with Link(config.server, config.home) as link:
        remote, host = f"ssh -F {link.folder}/config", link._host()
        (tmp_path / "file").write_text("x")
        for words in (
            [str(tmp_path / "file"), f"{host}:"],
            [str(tmp_path / "file"), f"{host}:{archive.path}"],
            ["--remove-source-files", f"{host}:{archive.path}", str(tmp_path)],
            [f"{host}:/etc/passwd", str(tmp_path)],
            [f"{host}:../../etc/passwd", str(tmp_path)],
        ):
            done = subprocess.run(
                ["rsync", "-e", remote, *words], capture_output=True, text=True, check=False
            )
            assert done.returncode, words
        for command in (["id"], [], ["rsync --server --sender -e.LsfxCIvu . /etc"]):
            argv = [*remote.split(), host, *command]
            done = subprocess.run(
                argv, capture_output=True, text=True, check=False, input="id\n", timeout=120
            )
            assert done.returncode, command
            assert "uid=" not in done.stdout
    assert not list(tmp_path.glob("passwd"))
    assert [path.name for path in home.there.rglob("*") if path.is_file()] == [
        archive.file + ".sha256",
        archive.file,
    ] or (home.there / archive.path).exists()
