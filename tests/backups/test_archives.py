"""Names of archives: what is written is read back, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.backups.archives import Archive, beginning, by_name, digest_of, parse
from deployer.errors import UsageError

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)).map(
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,9})?", fullmatch=True)


@given(NAMES, TIMES, st.integers(0, 2**60))
def test_what_is_written_is_read_back(name: str, time: datetime, size: int) -> None:
    archive = Archive(name, time, size, "home")
    assert parse(archive.path, size, "home") == archive


@given(st.text())
def test_what_is_read_is_what_would_be_written(path: str) -> None:
    archive = parse(path)
    assert archive is None or archive.path == path


@pytest.mark.parametrize(
    "path",
    [
        "a/backup-a-2026-11-21-230000.tar.zst.gpg.part",
        "a/backup-a-2026-11-21-230000.tar.zst.gpg.sha256",
        "a/backup-b-2026-11-21-230000.tar.zst.gpg",
        "a/backup-a-2026-02-30-230000.tar.zst.gpg",
        "a/backup-a-2026-11-21-990000.tar.zst.gpg",
        "../backup-..-2026-11-21-230000.tar.zst.gpg",
        "a..b/backup-a..b-2026-11-21-230000.tar.zst.gpg",
        "backup-a-2026-11-21-230000.tar.zst.gpg",
        "a/rejected/backup-a-2026-11-21-230000.tar.zst.gpg",
        "a/backup-a-2026-11-21-230000.tar.zst.gpg\n",
        "a/backup-a-٢٠٢٦-11-21-230000.tar.zst.gpg",
        "",
    ],
)
def test_what_is_no_archive(path: str) -> None:
    assert parse(path) is None


def test_digests() -> None:
    digest = "0123456789abcdef" * 4
    assert digest_of(f"{digest}  file\n", "file") == digest
    assert digest_of(f"{digest} *file\n", "file") == digest
    for text in (f"{digest}  other\n", f"{digest}  file\n{digest}  more\n", f"{digest.upper()}  file\n", ""):
        assert digest_of(text, "file") is None


def test_the_newest_comes_first() -> None:
    first, second, third = (Archive("b", datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3))
    other = Archive("a", first.time)
    assert by_name([second, first, other, third]) == {"a": [other], "b": [third, second, first]}


@pytest.mark.parametrize(
    ("date", "digits"),
    [
        ("2026", "2026"),
        ("2026-11", "202611"),
        ("2026-11-21", "20261121"),
        ("20261121", "20261121"),
        ("2026-11-21 08", "2026112108"),
        ("2026-11-21 08:09", "202611210809"),
        ("2026-11-21T08:09:18", "20261121080918"),
        ("2026-11-21-080918", "20261121080918"),
        ("20261121080918", "20261121080918"),
    ],
)
def test_a_date_or_its_beginning(date: str, digits: str) -> None:
    assert beginning(date) == digits


@pytest.mark.parametrize(
    "date",
    [
        *("", " ", "latest", "yesterday", "2 days ago", "-", "21", "2026-1", "2026-11-2", "21.11.2026"),
        *("2026-13", "2026-02-30", "2026-11-21 25:00", "2026-11-21 08:9", "0000", "٢٠٢٦", "2026-11-21 or so"),
        *("2026\n", "20261121080918000"),
    ],
)
def test_what_is_no_date_chooses_nothing(date: str) -> None:
    with pytest.raises(UsageError, match="no date of a backup"):
        beginning(date)
