"""What of many rounds is told: each thing once, when it is sure, and once when it is well again."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.audit.finding import Finding
from deployer.doctor import Result
from deployer.watching import message
from deployer.watching.memory import Known, Memory, News, Round, read, settled, turn, written
from deployer.watching.trouble import Trouble, of_doctor
from deployer.watching.visits import Target, Visit, is_offline, of_nobody, troubles

EVERY, GAP = 300, 1800
DOWN = Trouble("visit a.test", "a.test answers 502", "a.test")
FULL = Trouble("doctor disk / is nearly full", "/ is nearly full")


class Watched:
    """Rounds, one each five minutes, with what was told."""

    def __init__(self) -> None:
        self.memory, self.now = Memory(), 1_000_000.0
        self.told: list[str] = []
        self.broken = False

    def round(self, *troubles: Trouble, later: float = EVERY, **more: tuple[str, ...]) -> list[str]:
        """What is told of a round with these troubles."""
        self.now += later
        self.memory, news = turn(self.memory, Round(troubles, **more), self.now, GAP)
        if not news:
            return []
        if not self.broken:
            self.memory = settled(read(written(self.memory)), news)
            self.told.append(message.text(news, self.now))
        return message.text(news, self.now).splitlines()


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_what_is_seen_twice_is_told_once_and_once_when_it_is_well_again(watched: Watched) -> None:
    assert watched.round(DOWN) == []
    assert watched.round(DOWN) == ["✗ a.test answers 502"]
    assert [watched.round(DOWN) for _ in range(100)] == [[]] * 100
    assert watched.round() == []
    assert watched.round() == ["✓ well again, after 8 hours: a.test answers 502"]
    assert [watched.round() for _ in range(10)] == [[]] * 10
    assert watched.memory.known == {}


def test_what_flaps_is_told_at_most_once(watched: Watched) -> None:
    for _ in range(100):
        watched.round(DOWN)
        watched.round()
    assert watched.told == []
    watched.round(DOWN)
    watched.round(DOWN)
    for _ in range(100):
        watched.round()
        watched.round(DOWN)
    assert watched.told == ["✗ a.test answers 502"]


def test_work_on_a_site_is_no_fault_of_it(watched: Watched) -> None:
    for _ in range(50):
        assert watched.round(DOWN, busy=("a.test",)) == []
        assert watched.round(DOWN, FULL, busy=("*",)) == []
    assert watched.round(DOWN, FULL, busy=("b.test",)) == []
    assert watched.round(DOWN, FULL) == ["✗ a.test answers 502", "✗ / is nearly full"]
    assert watched.round(busy=("*",)) == []
    assert watched.round(busy=("*",))[0].startswith("✓ well again"), "what is well is well"


def test_what_cannot_be_asked_stays_as_it_was(watched: Watched) -> None:
    watched.round(FULL)
    watched.round(FULL)
    for _ in range(10):
        assert watched.round(unasked=("doctor", "visit")) == []
    assert watched.round(FULL) == []
    assert len(watched.told) == 1


def test_after_a_week_without_a_network_there_is_no_flood(watched: Watched) -> None:
    watched.round(FULL)
    watched.round(FULL)
    offline = ("visit", "ends", "server", "doctor")
    for _ in range(7 * 288):
        assert watched.round(unasked=offline) == []
    assert watched.round(DOWN) == []
    assert watched.round(DOWN) == ["✗ a.test answers 502", "✓ well again, after 7 days: / is nearly full"]


def test_a_machine_that_was_off_begins_anew_with_what_was_not_told(watched: Watched) -> None:
    watched.round(DOWN)
    assert watched.round(DOWN, later=86400) == [], "it may have been well all the time in between"
    assert watched.round(DOWN) == ["✗ a.test answers 502"]
    assert watched.round(DOWN, later=86400) == []


def test_a_clock_that_goes_back_loses_nothing(watched: Watched) -> None:
    watched.round(DOWN)
    watched.round(DOWN)
    assert watched.round(DOWN, later=-10_000_000) == []
    watched.round()
    assert watched.round() == ["✓ well again, after 1 minute: a.test answers 502"]


def test_what_could_not_be_told_is_told_when_that_is_possible(watched: Watched) -> None:
    watched.broken = True
    watched.round(DOWN)
    watched.round(DOWN)
    watched.broken = False
    assert watched.round(DOWN) == ["✗ a.test answers 502"]
    watched.broken = True
    watched.round()
    watched.round()
    watched.broken = False
    assert watched.round()[0].startswith("✓ well again")
    watched.broken = True
    watched.round(FULL)
    watched.round(FULL)
    watched.broken = False
    assert watched.round() == [], "what nobody has heard of is not well again"


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_whatever_happens_bad_and_good_news_take_turns(rounds: list[tuple[bool, bool]]) -> None:
    watched = Watched()
    for down, broken in rounds:
        watched.broken = broken
        watched.round(*([DOWN] if down else []))
    marks = [text[0] for text in watched.told]
    assert marks == ["✗", "✓"] * (len(marks) // 2) + ["✗"] * (len(marks) % 2)


def test_what_differs_only_by_numbers_is_the_same() -> None:
    def key(what: str) -> str:
        (one,) = of_doctor([Result("backups", "", (Finding(what, "", ""),))])
        return one.key

    old = "the newest backup of forum2 is {} hours old"
    assert key(old.format(27)) == key(old.format(28))
    assert key("web1.test answers 502") != key("web2.test answers 502")


def test_remarks_are_not_told_but_of_a_restart() -> None:
    remark = Finding("it wants a restart", "", "", serious=False)
    results = [Result("reboot", "", (remark,)), Result("logs", "", (remark,)), Result("dns", "", (remark,))]
    assert [each.key for each in of_doctor(results)] == ["doctor reboot it wants a restart"]
    (late,) = of_doctor([Result("backups", "", (Finding("the newest backup is 27 hours old", "", ""),))])
    assert Round((late,), busy=("+backups",)).excused(late), "a long night is still going on"
    stopped = [Result("services", "", (Finding("forum: it crashes", "", ""),))]
    assert [each.site for each in of_doctor(stopped)] == ["forum"]


def test_one_trouble_for_a_name_with_the_addresses_where_it_is() -> None:
    targets = [Target("a.test", "https", "/", "www.a.test")]
    fine = Visit("a.test", "192.0.2.1", 200, days=80)
    bad = Visit("a.test", "2001:db8::1", 502, days=80)
    lost = Visit("a.test", "2001:db8::1", fault="cannot be reached", nowhere=True)
    assert list(troubles([fine], targets)) == []
    assert list(troubles([fine, lost], targets)) == [], (
        "there is no IPv6 here, and that is no fault of the site"
    )
    (one,) = troubles([fine, bad], targets)
    assert one == Trouble(
        "visit a.test", "a.test answers 502 at 2001:db8::1, and is well elsewhere", "www.a.test"
    )
    (one,) = troubles([bad], targets)
    assert one.what == "a.test answers 502"
    (one,) = troubles([Visit("a.test", "192.0.2.1", 200, days=1)], targets)
    assert one.what == "the certificate of a.test ends in 1 day, as visitors get it"
    assert is_offline([lost])
    assert not is_offline([lost, fine])
    assert not is_offline([])


def test_a_message_is_short() -> None:
    many = {f"{number}": Known(f"site {number} is down", 0) for number in range(50)}
    text = message.text(News(many), 0)
    assert text.count("\n") == 12
    assert text.endswith("and 38 more: deploy watch")
    assert message.title("vps.example.org", News(many)) == "vps.example.org: 50 things are not well"
    assert message.title("vps.example.org", News({}, many)) == "vps.example.org: well again"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"time": 1}',
        '{"time": "x", "known": {}, "targets": []}',
        '{"time": 1, "known": {"a": 1}, "targets": []}',
        '{"time": 1, "known": {}, "targets": [{"name": "a"}]}',
        "\0" * 100,
    ],
)
def test_what_a_power_cut_has_left_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_what_is_written_is_read() -> None:
    memory = Memory(7.5, {"visit a": Known("a is down", 3.0, 2, 1, True)}, (Target("a", "http", "/", "a"),))
    assert read(written(memory)) == memory
    assert json.loads(written(memory))


def test_what_is_said_of_a_page_that_the_server_has_not_is_told() -> None:
    there = [Target(name, "https", "/", "www.example.org") for name in ("www.example.org", "example.org")]
    assert of_nobody(["example.org"], ["www.example.org"], there) == ()
    assert of_nobody(["wwww.example.org"], ["other.test"], there) == (
        "watch.words: the server has no site 'wwww.example.org' (did you mean 'www.example.org'?)",
        "watch.ignore: the server has no site 'other.test'",
    )
