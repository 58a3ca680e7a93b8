"""What is kept of archives, whatever their times are."""

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.backups.archives import STAMP
from deployer.backups.retention import Keep, kept

PRUNE = Path(__file__).parents[2] / "deployer/server/installed/lib/backup/prune"

TIMES = st.frozensets(
    st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31)).map(lambda time: time.replace(tzinfo=UTC)),
    max_size=60,
)
KEEPS = st.builds(Keep, st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
PERIODS = {"daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m"}


@given(TIMES, KEEPS)
def test_the_newest_always_stays(times: frozenset[datetime], keep: Keep) -> None:
    assert kept(times, keep) <= times
    assert not times or max(times) in kept(times, keep)


@given(TIMES, KEEPS)
def test_the_last_periods_with_an_archive_keep_their_newest(times: frozenset[datetime], keep: Keep) -> None:
    wanted = set(sorted(times)[-3:]) | {time for time in times if max(times) - time < timedelta(hours=48)}
    for field, form in PERIODS.items():
        periods = sorted({time.strftime(form) for time in times}, reverse=True)[: getattr(keep, field)]
        wanted |= {max(time for time in times if time.strftime(form) == period) for period in periods}
    assert kept(times, keep) == wanted


@given(TIMES, KEEPS)
def test_keeping_again_removes_nothing_more(times: frozenset[datetime], keep: Keep) -> None:
    assert kept(kept(times, keep), keep) == kept(times, keep)


@given(TIMES, KEEPS, st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31)))
def test_what_went_once_never_comes_back(times: frozenset[datetime], keep: Keep, new: datetime) -> None:
    new = new.replace(tzinfo=UTC)
    assert kept({*times, new}, keep) <= kept(times, keep) | {new}


def test_a_year_of_nights() -> None:
    nights = [datetime(2026, 11, 21, 23, tzinfo=UTC) - timedelta(days=day) for day in range(365)]
    stay = sorted(kept(nights, Keep(7, 4, 6)), reverse=True)
    assert [f"{time:%m-%d}" for time in stay] == [
        *("11-21", "11-20", "11-19", "11-18", "11-17", "11-16", "11-15"),
        *("11-08", "11-01", "10-31", "09-30", "08-31", "07-31", "06-30"),
    ]


def test_nights_that_failed_do_not_eat_the_history() -> None:
    last = datetime(2026, 1, 31, 23, tzinfo=UTC)
    nights = [last - timedelta(days=day) for day in range(10)]
    assert kept(nights, Keep(7, 0, 0)) == frozenset(nights[:7])


def test_a_backup_of_the_damage_leaves_the_good_one_of_the_same_day() -> None:
    night = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    nights = [night - timedelta(days=day) for day in range(9)]
    damaged = [night + timedelta(hours=8, minutes=minute) for minute in range(5)]
    assert {night, *damaged} <= kept([*nights, *damaged], Keep(1, 0, 0))


def test_the_three_newest_stay_however_old_they_are() -> None:
    times = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)]
    assert kept(times, Keep(1, 0, 0)) == frozenset(times[-3:])


def on_the_server(times: Iterable[datetime], keep: Keep) -> frozenset[datetime]:
    """What the server's own script keeps of the times."""
    files = {f"backup-a-{time:{STAMP}}.tar.zst.gpg": time for time in sorted(times, reverse=True)}
    amounts = f"NAME=a KEEP_DAILY={keep.daily} KEEP_WEEKLY={keep.weekly} KEEP_MONTHLY={keep.monthly}"
    call = f'set -u; DEPLOY_ROOT=; source "$1"; shift; {amounts}; WHOLE=("$@"); kept_archives'
    argv = ["bash", "-c", call, "-", str(PRUNE), *files]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return frozenset(files[file] for file in done.stdout.split())


@pytest.mark.parametrize(
    "keep", [Keep(7, 4, 6), Keep(1, 0, 0), Keep(0, 0, 0), Keep(3, 10, 2), Keep(2, 2, 30)]
)
@pytest.mark.parametrize("hour", [0, 3, 23])
def test_the_server_keeps_the_same(keep: Keep, hour: int) -> None:
    start = datetime(2026, 11, 20, hour, 59, 58, tzinfo=UTC)
    days = [
        0,
        0.01,
        0.2,
        0.5,
        1,
        1.2,
        1.999,
        2,
        2.001,
        3,
        6,
        7,
        8,
        9,
        15,
        20,
        26,
        41,
        60,
        90,
        200,
        330,
        331,
        700,
    ]
    times = [start - timedelta(seconds=int(day * 86400)) for day in days]
    assert on_the_server(times, keep) == kept(times, keep)
    sparse = [times[0], *times[12:]]
    assert on_the_server(sparse, keep) == kept(sparse, keep)
    assert on_the_server(times[:2], keep) == kept(times[:2], keep)
    assert on_the_server([], keep) == frozenset()
