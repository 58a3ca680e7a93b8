"""Tables as a person sees them: never wider than the terminal, nothing cut off, no head over nothing."""

from io import StringIO

import pytest
from rich.text import Text

from deployer.report import health as health_report
from deployer.report import table
from deployer.report.page import console
from deployer.seen.health import Health
from deployer.seen.site_health import SiteHealth

HEAD = ("name", "answer", "since", "by")
ROWS = [
    ("www.example.org", Text("200 in 3 ms"), "2026-11-28 22:51:03", "nina@laptop"),
    ("old.example.org", "301 in 1 ms", "–", "–"),
]


def shown(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[tuple[str | Text, ...]]) -> list[str]:
    page = console(stderr=False)
    page.file, page.width = StringIO(), width
    monkeypatch.setattr(table, "out", page)
    table.show_table(HEAD, rows)
    return [line.rstrip() for line in page.file.getvalue().splitlines()]


def test_what_fits_has_a_line_for_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    head, rule, *rows = shown(monkeypatch, 65, ROWS)
    assert head.split() == list(HEAD)
    assert (len(rule), len(rows)) == (65, 2)
    assert rows[0] == "www.example.org   200 in 3 ms   2026-11-28 22:51:03   nina@laptop"


@pytest.mark.parametrize("width", [64, 50, 32])
def test_what_does_not_fit_is_whole_all_the_same(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, width, ROWS)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    assert " ".join(" ".join(lines).split()) == (
        "www.example.org answer: 200 in 3 ms since: 2026-11-28 22:51:03 by: nina@laptop "
        "old.example.org answer: 301 in 1 ms"
    )


def test_without_rows_there_is_no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 80, []) == []


def test_what_is_piped_keeps_its_lines_unless_somebody_says_how_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console(stderr=False).width >= 1000
    monkeypatch.setenv("COLUMNS", "80")
    assert console(stderr=False).width == 80


def test_a_status_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    page = console(stderr=False)
    page.file, page.width = StringIO(), 80
    monkeypatch.setattr(table, "out", page)
    monkeypatch.setattr(health_report, "out", page)
    site = SiteHealth(
        "analytics.example.org", 200, 0.003, 89, "1", "3f2a1c9", "2026-11-28T22:51:03Z", "nina@laptop"
    )
    health = Health((1, 1), (1, 1), 0.1, 1, 1, False, (site,))
    health_report.show_health(health, "vps.example.org")
    lines = page.file.getvalue().splitlines()[1:]
    assert lines[0] == "analytics.example.org"
    assert max(map(len, lines)) <= 80
