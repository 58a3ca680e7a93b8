"""What `deploy services` shows of containers."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from deployer.containers import Container
from deployer.report import console, table
from deployer.report import services as report


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
