"""docs/faults.md is what the tests really do."""

from pathlib import Path

import pytest

import faults


def test_the_page_of_faults_is_made_by_the_tests(collected: tuple[pytest.Item, ...]) -> None:
    written = faults.PAGE.read_text()
    missing = [row for row in faults.rows(collected) if row not in written]
    assert not missing, "scripts/reference makes docs/faults.md anew"
    everything = set(Path(__file__).parent.rglob("test_*.py"))
    if {item.path for item in collected} == everything:
        assert written == faults.page(collected)
