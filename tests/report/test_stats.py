"""What visitors asked of sites, as a person and a program read it."""

import json

import pytest

from deployer.report.stats import show_traffic, traffic_json
from deployer.seen.traffic import read_traffic

TOLD = """day\twww.a.org\t2026-11-30\t12\t3\t2500000\t2\t1\t0\t0
day\twww.a.org\t2026-11-29\t1200\t300\t1000\t0\t0\t4\t0
page\twww.a.org\t900\t/one
page\twww.a.org\t7\t/two\\x1B[31m
referrer\twww.a.org\t5\tnews.example.net
missing\twww.a.org\t1\t/gone
robot\twww.a.org\t2\tGooglebot
"""


def test_of_one_site_each_day_and_what_came_most_often(capsys: pytest.CaptureFixture[str]) -> None:
    show_traffic(read_traffic(TOLD, ["www.a.org"]), 30)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["www.a.org", "requests", "visitors", "sent", "robots", "missing", "failed"]
    assert lines[2] == ["2026-11-29", "1,200", "300", "1.0", "KB", "0", "0", "4"]
    assert lines[3] == ["2026-11-30", "12", "3", "2.5", "MB", "2", "1", "0"]
    assert lines[4] == ["all", "1,212", "303", "2.5", "MB", "2", "1", "4"]
    assert ["900", "/one"] in lines
    assert ["5", "news.example.net"] in lines
    assert ["1", "/gone"] in lines
    assert ["2", "Googlebot"] in lines


def test_of_several_a_row_each_and_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    told = TOLD + "day\twww.b.org\t2026-11-30\t1\t1\t0\t0\t0\t0\t7\nlost\twww.b.org\t/var/log/x\x1b.gz\n"
    show_traffic(read_traffic(told, ["www.c.org", "www.b.org", "www.a.org"]), 7)
    said = capsys.readouterr()
    assert [line.split()[:3] for line in said.out.splitlines()[2:]] == [
        ["www.b.org", "1", "1"],
        ["www.a.org", "1,212", "303"],
    ]
    assert "www.c.org: no visit in 7 days." in said.err
    assert "www.b.org: 7 lines of its log are not in NGINX's own format" in " ".join(said.err.split())
    assert "www.b.org: /var/log/x�.gz cannot be read to its end." in said.err


@pytest.mark.parametrize(
    "strange", ["day\tx\n", "day\twww.a.org\t2026-11-30\t1\n", "page\twww.a.org\tx\t/\n", "x\n"]
)
def test_other_words_of_a_server_are_none_of_its_own(strange: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        read_traffic(strange, ["www.a.org"])


def test_terminals_are_played_no_tricks(capsys: pytest.CaptureFixture[str]) -> None:
    show_traffic(read_traffic(TOLD.replace("/one", "/\x1b]0;x\x07[bold]"), ["www.a.org"]), 30)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[bold]" in said


@pytest.mark.parametrize(
    ("days", "sent", "requests", "vercel", "fastly"),
    [
        (1, 1, 1, 20, 0),
        (30, 100 * 10**9, 10**6, 20, 0),
        (30, 101 * 10**9, 2 * 10**6, 20, 0.12 + 1),
        (10, 400 * 10**9, 5 * 10**6, 20 + 200 * 0.15 + 5 * 2, 1100 * 0.12 + 14),
    ],
    ids=["almost nothing", "all of it free", "a gigabyte and a million more", "ten days of a month"],
)
def test_what_a_month_of_that_costs_elsewhere(
    capsys: pytest.CaptureFixture[str], days: int, sent: int, requests: int, vercel: float, fastly: float
) -> None:
    """Ten times 400 GB and 5 million are 1200 GB and 15 million in a month."""
    last = f"day\twww.a.org\t2026-11-{days:02}\t{requests - 1}\t1\t{sent}\t0\t0\t0\t0\n"
    found = read_traffic(f"day\twww.a.org\t2026-11-01\t1\t1\t0\t0\t0\t0\t0\n{last}", ["www.a.org"])
    elsewhere = json.loads(traffic_json(found))["elsewhere"]
    assert {each["platform"]: each["dollars"] for each in elsewhere} == {
        "Vercel Pro": pytest.approx(vercel),
        "Fastly": pytest.approx(fastly),
    }
    assert all(each["read"] < "2027" and each["source"].startswith("https://") for each in elsewhere)
    show_traffic(found, 30)
    assert f"elsewhere: Vercel Pro ${vercel:,.2f}, Fastly ${fastly:,.2f}." in " ".join(
        capsys.readouterr().err.split()
    )


def test_nothing_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = read_traffic("", ["www.a.org"])
    assert json.loads(traffic_json(found))["elsewhere"] == []
    show_traffic(found, 30)
    assert "elsewhere" not in capsys.readouterr().err


def test_as_json() -> None:
    (site,) = json.loads(traffic_json(read_traffic(TOLD, ["www.a.org"])))["sites"]
    assert (site["site"], site["requests"], site["visitors"], site["bytes"]) == (
        "www.a.org",
        1212,
        303,
        2501000,
    )
    assert [day["date"] for day in site["days"]] == ["2026-11-29", "2026-11-30"]
    assert site["most"]["pages"][0] == {"what": "/one", "requests": 900}
    assert site["lost"] == []
