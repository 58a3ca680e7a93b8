"""What is kept of archives, whatever their times are."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deployer.retention import Keep, kept

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
    wanted = {max(times)} if times else set()
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
