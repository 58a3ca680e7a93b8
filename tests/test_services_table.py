"""What `deploy services` shows of containers."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from deployer.report import services as report
from deployer.report import table
from deployer.report.page import console
from deployer.seen.containers import Container, Freshness, age_in_days, told_there
from deployer.seen.stacks import unix_time


@pytest.mark.parametrize(
    ("restarts", "days", "words"),
    [(0, 0, ("0 days ago",)), (1, 1, ("1 restart ", "1 day ago")), (3, 9, ("3 restarts", "9 days ago"))],
)
def test_one_is_not_many(
    restarts: int, days: int, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = console(stderr=False)
    page.file = StringIO()
    monkeypatch.setattr(table, "out", page)
    made = (datetime.now(UTC) - timedelta(days=days, minutes=1)).isoformat()
    report.show_services(
        [Container("app", "web", "running", None, 0, restarts, "app:1", made, made, None, (), False)]
    )
    shown = page.file.getvalue()
    assert all(word in shown for word in words), shown
    assert ("restart" in shown) == bool(restarts)


@pytest.mark.parametrize(
    ("made", "days"),
    [
        ("2026-11-28T03:40:00.123456789+05:45", 0),  # built in Kathmandu a moment ago
        ("2026-11-25T22:00:00.1-02:00", 1),
        ("2026-11-25T21:54:59Z", 2),
        ("2026-11-27T03:40:00+05:45", 1),  # no zone: today
        ("2026-11-28T21:55:00Z", 0),  # by a clock that is ahead
        ("0001-01-01T00:00:00Z", 739946),
    ],
)
def test_the_age_of_an_image_counts_its_zone(made: str, days: int) -> None:
    assert age_in_days(made, datetime(2026, 11, 27, 21, 55, tzinfo=UTC)) == days


def test_a_moment_of_docker_counts_its_zone() -> None:
    assert unix_time("1970-01-01T05:45:01.500000001+05:45") == unix_time("1970-01-01T00:00:01.5Z") == 1.5
    assert unix_time("0001-01-01T00:00:00Z") < 0


def test_what_a_registry_tells_no_stranger_the_server_with_its_login_says() -> None:
    strange = Freshness("a.test", "ghcr.io/a:1", None, "Head: no basic auth credentials")
    lines = ["b.test: ghcr.io/a:1 is up to date", "a.test: ghcr.io/a:10 is up to date"]
    assert told_there(strange, lines) == strange
    assert told_there(strange, [*lines, "a.test: ghcr.io/a:1 has a newer image, 0123456789ab"]).newer is True
    known = told_there(strange, [*lines, "a.test: ghcr.io/a:1 is up to date"])
    assert (known.newer, known.reason, known.wants_login) == (False, "", False)
    refused = told_there(strange, ["✗ a.test: ghcr.io/a:1: denied; asked as ada"])
    assert (refused.newer, refused.reason) == (None, "denied; asked as ada")
    assert not Freshness("a.test", "a:1", None, "built on the server").wants_login
