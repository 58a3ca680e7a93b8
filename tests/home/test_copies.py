"""How far a name is from three copies, on two media, one of them elsewhere."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deployer.backups.archives import Archive
from deployer.backups.protection import PLACES, Read, judgement, protections
from deployer.home.offers import offers, tried
from deployer.home.pull import without_archive

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
READ = Read({"a": NOW}, NOW - timedelta(days=9))
AGES = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 100), min_size=1)


def archives(ages: dict[str, int]) -> list[Archive]:
    """An archive of so many hours in each place, and an older one."""
    times = {place: NOW - timedelta(hours=hours) for place, hours in ages.items()}
    older = timedelta(days=9)
    return [
        Archive("a", time - past, 1, place) for place, time in times.items() for past in (older, older * 0)
    ]


def test_everything_is_there() -> None:
    (protection,) = protections(archives({"vps": 9, "home": 9, "s3": 9}), READ, NOW)
    assert (protection.copies, protection.media, protection.offsite, protection.lacks) == (4, 3, 2, [])


def test_home_alone_makes_it_two_media_and_three_copies() -> None:
    (protection,) = protections(archives({"vps": 9, "home": 9}), READ, NOW)
    assert (protection.copies, protection.media, protection.offsite, protection.lacks) == (3, 2, 1, [])


def test_the_server_alone_is_not_enough() -> None:
    (protection,) = protections(archives({"vps": 1}), Read({}, NOW), NOW)
    wanted = ["1 more fresh copy", "a second medium", "a copy elsewhere", "a verified archive"]
    assert protection.lacks == wanted


def test_what_is_old_does_not_count() -> None:
    (protection,) = protections(archives({"vps": 27, "home": 27, "s3": 26}), READ, NOW)
    assert protection.fresh == ["s3"]
    assert protection.lacks == ["1 more fresh copy"]


@given(AGES)
def test_it_is_fine_only_with_a_fresh_copy_away_from_the_server(ages: dict[str, int]) -> None:
    (protection,) = protections(archives(ages), READ, NOW)
    fresh = {place for place, hours in ages.items() if hours <= 26}
    assert protection.newest == {place: NOW - timedelta(hours=hours) for place, hours in ages.items()}
    assert bool(protection.lacks) == (len(fresh) < 2 or fresh == {"vps"})


def test_each_name_is_judged_by_itself() -> None:
    every = [
        Archive(name, NOW - timedelta(hours=hours), 1, place)
        for name, hours in (("a", 9), ("b", 290))
        for place in PLACES
    ]
    told = judgement(protections(every, Read({}), NOW))
    assert [line.partition(".")[0] for line in told] == ["b lacks an archive since 2026-11-09 06:00 UTC"]
    assert told[0].endswith("home: {retired: [b]}")
    assert judgement(protections(every, Read({}), NOW, ["b"])) == []


def test_what_never_had_an_archive_lacks_one() -> None:
    every = protections(archives({"vps": 9, "home": 9}), READ, NOW, names=("a", "new"))
    assert [protection.lacks for protection in every] == [[], ["an archive"]]
    assert judgement(every)[0].startswith("new lacks an archive. If it is backed up no more")


def test_a_folder_without_an_archive_is_told() -> None:
    listing = """drwxr-x---          4,096 2026/11/28 10:00:00 .
drwxr-x---           4096 2026/11/28 10:00:00 good
-rw-r-----           4096 2026/11/28 10:00:00 good/backup-good-2026-11-28-100000.tar.zst.gpg
drwxr-x---           4096 2026/11/28 10:00:00 failed"""
    assert without_archive(tried(listing), offers(listing, {})) == [
        "failed has no archive on the server: its backups fail"
    ]


def test_a_date_in_the_future_is_not_fresh() -> None:
    late = [*archives({"vps": 40, "home": 40}), Archive("a", NOW + timedelta(days=300), 1, "vps")]
    (protection,) = protections(late, READ, NOW)
    assert protection.fresh == []


def test_what_was_read_long_ago_must_be_read_again() -> None:
    lately, then = NOW - timedelta(days=8), NOW - timedelta(days=10)
    for read, lacks in ((lately, []), (then, ["a verified archive"])):
        (protection,) = protections(
            archives({"vps": 9, "home": 9}), Read({"a": read}, NOW - timedelta(days=9)), NOW
        )
        assert protection.lacks == lacks
