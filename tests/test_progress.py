"""What is printed of a long task where nobody sees a spinner."""

import pytest

from deployer import suggested
from deployer.report.progress import progress


def test_steps_have_above_them_whose_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        "▸ files", "✓ files 2",
        "▸ chat.test", "  it takes the place of talk.test", "▸ pull", "✓ pull 0.0s", "▸ up", "✗ up: it ends",
        "▸ wiki.test", "▸ down", "✓ down 0.1s its volumes stay",
        "▸ hugo 0.1", "✓ hugo 0.1",
    ]  # fmt: skip
    with progress() as shown:
        for line in said:
            shown.line(line)
    assert capsys.readouterr().err.splitlines() == [
        "✓ files 2",
        "▸ chat.test", "  it takes the place of talk.test", "✓ pull 0.0s", "✗ up: it ends",
        "▸ wiki.test", "✓ down 0.1s its volumes stay",
        "✓ hugo 0.1",
    ]  # fmt: skip


def test_what_the_server_suggests_is_for_the_file_that_was_typed(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    suggested.keep("other.yaml")
    request.addfinalizer(lambda: suggested.keep(""))
    with progress() as shown:
        shown.line("a.test is stopped (deploy start a.test starts it)")
        shown.line("  deploy plan is what a build of ours says")
    assert capsys.readouterr().err.splitlines() == [
        "a.test is stopped (deploy start -c other.yaml a.test starts it)",
        "  deploy plan is what a build of ours says",
    ]
