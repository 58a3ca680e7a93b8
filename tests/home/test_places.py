"""Which archive is chosen, and what is told of a date that has none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deployer.archives import Archive
from deployer.errors import UsageError
from deployer.home.places import Place, choose, listed
from deployer.report.copies import remarks

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
        log % (OLDEST.file, "old"),
        log % (NEWEST.file, "/srv/music of app"),
        '{"site":"x.example.org","file":"backup-x',
    ]
    found = listed("\n".join(answer))
    assert found == [OLDEST, NEWEST]
    assert remarks(found) == ["x.example.org: not saved: /srv/music of app"]
    assert remarks([*found, replace(NEWEST, place="s3")]) == remarks(found)
