"""What a terminal shows while something takes its time."""

from io import StringIO

import pytest
from rich.console import Console

from deployer.report import display as module
from deployer.report.display import Display, Pace
from deployer.waiting import Waiting, counted


def test_what_is_left_and_how_fast_it_goes() -> None:
    pace, wait = Pace(), Waiting("commits", since=100.0)
    wait.count(20_000_000)
    assert pace.tell(wait, 102.0) == "20.0 MB, 10.0 MB/s", "how much it will be is not known yet"
    wait.count(60_000_000, 200_000_000)
    assert pace.tell(wait, 104.0) == "60.0 MB of 200 MB, 15.0 MB/s, 9 s left"
    wait.count(61_000_000, 200_000_000)
    assert pace.tell(wait, 109.0) == "61.0 MB of 200 MB, 200 KB/s, 12 min left", "of the last five seconds"
    wait.count(61_000_000, 200_000_000)
    assert pace.tell(wait, 115.0) == "61.0 MB of 200 MB, 0 B/s"


def test_pieces_are_counted_when_they_are_dealt_with() -> None:
    wait = Waiting("archive")
    assert [wait.done for _ in counted([b"12", b"345"], wait, 9)] == [0, 2]
    assert (wait.done, wait.expected) == (5, 9)


def test_the_innermost_wait_is_shown_with_the_figures_of_what_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(module.err, "console", Console(file=StringIO(), force_terminal=True))
    shown = Display()
    work, commits, step = Waiting("vps is at work"), Waiting("commits"), Waiting("receive")
    for wait in (work, commits, step):
        shown.begin(wait)
    assert shown.__rich__() == "receive … 0 s"
    commits.count(5000, 10_000)
    assert shown.__rich__().startswith("receive … 5.0 KB of 10.0 KB, ")
    shown.end(commits)
    assert shown.__rich__() == "receive … 0 s"
    shown.end(step)
    assert shown.__rich__() == "vps is at work … 0 s"
    shown.end(work)
    assert shown.__rich__() == ""


def test_who_has_no_terminal_is_not_bothered(capsys: pytest.CaptureFixture[str]) -> None:
    with module.displayed(Waiting("vps is at work")):
        pass
    assert capsys.readouterr() == ("", "")
