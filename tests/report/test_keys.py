"""The last command of a restricted key, in words that fit a table."""

import pytest

from deployer.report.keys import asked


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("rsync --server --sender -tRe.LsfxCIvu . box/x.tar.gpg", "fetched backups"),
        ("", "no command"),
        ("push www.example.org", "push www.example.org"),
        ("push www.example.org --ref " + "a" * 40, "push www.example.org --ref aaaaaaa…"),
    ],
)
def test_what_was_asked_for(command: str, told: str) -> None:
    assert asked({"command": command, "result": "accepted"} if command else {}) == told


def test_a_refused_rsync_has_fetched_nothing() -> None:
    command = "rsync --server --sender -e.LsfxCIvu . /etc"
    assert asked({"command": command, "result": "refused"}) == command
