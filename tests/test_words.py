"""What programs write for a terminal is told without what is meant for the terminal alone."""

import pytest

from deployer.report import harmless, words


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("web-1  | \x1b[32m[INFO]\x1b[0m up\x1b[K", "web-1  | [INFO] up"),
        ("\x1b[38;5;208mwarn\x1b[39;49m \x1b[1;4mmind\x1b[m", "warn mind"),
        ("\x1b]0;title\x07ready\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "readylink"),
        ("\x1b(B\x1b7a\x1b8\x1b=b", "ab"),
        ("10 %\r50 %\r", "10 % 50 %"),
        ("cut off \x1b[3", "cut off �[3"),
        ("bell \x07, C1 \x9b31m", "bell �, C1 �31m"),
        ("Grüße 你好 \t| 1", "Grüße 你好 \t| 1"),
    ],
)
def test_colours_and_the_cursor_leave_nothing_behind(written: str, told: str) -> None:
    assert words(written) == told


def test_in_a_plan_nothing_is_left_out_unseen() -> None:
    assert harmless("\x1b[8mhidden\x1b[0m") == "�[8mhidden�[0m"
