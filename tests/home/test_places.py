"""Which archive is chosen, and what is told of a date that has none."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.backups.archives import Archive
from deployer.commands._restore import vouch
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import DeployError, UsageError
from deployer.home.places import Place, choose, listed, places
from deployer.home.store import Store
from deployer.home.survey import proved
from deployer.home.verification import judge
from deployer.report.copies import remarks, without_digest
from home.sample import lay

NEWEST = Archive("x.example.org", datetime(2026, 11, 20, 23, 0, 1, tzinfo=UTC), 5, "vps")
OLDEST = replace(NEWEST, time=datetime(2026, 11, 19, 23, 0, 0, tzinfo=UTC))


def test_a_date_without_an_archive_lists_each_once_with_its_places() -> None:
    found = [
        Place("vps", [OLDEST, NEWEST], None),
        Place("home", [replace(NEWEST, place="home")], None),
    ]
    with pytest.raises(UsageError) as caught:
        choose(found, "x.example.org", "2025")
    assert caught.value.message == "there is no archive of x.example.org of 2025"
    assert caught.value.advice.splitlines() == [
        "There are:",
        "  2026-11-20-230001  vps, home",
        "  2026-11-19-230000  vps",
    ]


def test_what_a_backup_warned_of_is_known_with_its_archive() -> None:
    log = '{"site":"x.example.org","file":"%s","warnings":["not saved: %s"]}'
    answer = [
        *(f"x.example.org/{archive.file}\t5" for archive in (OLDEST, NEWEST)),
        f"x.example.org/{NEWEST.file}.sha256\t99",
        log % (OLDEST.file, "old"),
        log % (NEWEST.file, "/srv/music of app"),
        '{"site":"x.example.org","file":"backup-x',
    ]
    found, without = listed("\n".join(answer))
    assert (found, without) == ([NEWEST], [OLDEST])
    assert remarks(found) == ["x.example.org: not saved: /srv/music of app"]
    assert remarks([*found, replace(NEWEST, place="s3")]) == remarks(found)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A sites.yaml with a folder at home."""
    (tmp_path / "home").mkdir()
    (tmp_path / "sites.yaml").write_text(
        f"server: {{host: vps.example.org}}\nhome: {{directory: {tmp_path}/home}}\n"
    )
    return load(tmp_path / "sites.yaml")


@pytest.mark.parametrize(
    "written",
    ["", "\n", "abc", f"{'0' * 64}  backup-other.example.org-2026-11-20-230001.tar.zst.gpg\n", "0" * 64],
)
def test_an_empty_or_foreign_digest_is_refused(config: Config, written: str) -> None:
    archive = replace(NEWEST, place="home")
    path = lay(Path(config.home.directory), archive, b"content")
    path.with_name(path.name + ".sha256").write_text(written)
    (found,) = places(config, None, "home")
    with pytest.raises(DeployError, match="is empty, or of another file"), found.reading(archive):
        pass
    verdict = judge(Store(Path(config.home.directory)), archive, lambda text: None)
    assert "is empty, or of another file" in verdict.error


def test_an_archive_of_before_there_were_digests_is_told_and_only_taken_by_its_date(config: Config) -> None:
    old = replace(OLDEST, place="home")
    path = lay(Path(config.home.directory), old, b"content")
    path.with_name(path.name + ".sha256").unlink()
    (found,) = places(config, None, "home")
    assert (found.archives, [each.path for each in found.unproved]) == ([], [old.path])
    with pytest.raises(UsageError) as caught:
        choose([found], old.name)
    assert caught.value.message == "there is no archive of x.example.org with a digest"
    assert caught.value.advice.splitlines() == ["There are:", "  2026-11-19-230000  home, without a digest"]
    assert choose([found], old.name, "2026-11-19")[1].path == old.path
    with found.reading(old) as (chunks, digest):
        assert (b"".join(chunks), digest) == (b"content", None)
    with pytest.raises(DeployError, match="has no digest"):
        vouch(old, None, "")
    told = without_digest(Store(Path(config.home.directory)).unproved())
    assert told == [
        f"home: {old.file} has no .sha256 beside it: it counts for nothing,"
        " and a restore takes it only by its date (--at)"
    ]


def test_what_rsync_lists_without_a_digest() -> None:
    line = "-rw-r----- {} 2026/11/20 23:00:01 {}"
    listing = [
        line.format(5, NEWEST.path),
        line.format(99, NEWEST.path + ".sha256"),
        line.format(7, OLDEST.path),
    ]
    good, without = proved("\n".join(listing))
    assert ([each.path for each in good], [each.path for each in without]) == ([NEWEST.path], [OLDEST.path])
