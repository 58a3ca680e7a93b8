"""What the program `traffic` counts, where there is no server."""

import gzip
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installed.conftest import Root

SITE = "www.example.org"
LOG = f"/var/log/nginx/{SITE}.access.log"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
WORDS = ("requests", "visitors", "bytes", "robots", "missing", "failed", "unreadable")


def line(
    path: str = "/",
    address: str = "192.0.2.7",
    *,
    ago: int = 0,
    user: str = "-",
    request: str = "",
    status: int = 200,
    referrer: str = "-",
    agent: str = FIREFOX,
) -> str:
    """One of NGINX's format `combined`."""
    when = (TODAY - timedelta(days=ago)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    request = request or f"GET {path} HTTP/2.0"
    return f'{address} - {user} [{when}] "{request}" {status} 1000 "{referrer}" "{agent}"\n'


def rows(root: Root, kind: str, *options: str) -> list[list[str]]:
    """What it says, without the kind and the site."""
    told = root.run("traffic", SITE, *options, TZ="UTC0").splitlines()
    return sorted(row.split("\t")[2:] for row in told if row.startswith(f"{kind}\t{SITE}\t"))


def days(root: Root, *options: str) -> dict[int, dict[str, int]]:
    """The counts, by how many days ago that was."""
    return {
        (TODAY.date() - datetime.fromisoformat(row[0]).date()).days: dict(
            zip(WORDS, map(int, row[1:]), strict=True)
        )
        for row in rows(root, "day", *options)
    }


def compress(path: Path, to: Path) -> None:
    """As logrotate does: with the time of the file."""
    to.write_bytes(gzip.compress(path.read_bytes()))
    os.utime(to, (path.stat().st_mtime, path.stat().st_mtime))
    path.unlink()


def test_a_day_in_numbers(root: Root) -> None:
    root.write(
        LOG,
        line("/one?token=secret", referrer="https://news.example.net/item?id=7")
        + line("/one", referrer=f"https://{SITE}/")
        + line("/one", "2001:db8::1")
        + line("/one", agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
        + line("/style.css")
        + line("/gone?token=secret", status=404)
        + line("/broken", status=502),
    )
    assert days(root) == {
        0: {
            "requests": 7,
            "visitors": 2,
            "bytes": 7000,
            "robots": 1,
            "missing": 1,
            "failed": 1,
            "unreadable": 0,
        }
    }
    assert rows(root, "page") == [["3", "/one"]]
    assert rows(root, "referrer") == [["1", "news.example.net"]]
    assert rows(root, "robot") == [["1", "Googlebot"]]
    assert rows(root, "missing") == [["1", "/gone"]]


def test_who_looks_for_us_is_no_visitor(root: Root) -> None:
    root.write(LOG, line("/", agent="deploy watch") + line("/", agent="curl/8.14.1") + line("/"))
    assert (days(root)[0]["robots"], days(root)[0]["visitors"]) == (2, 1)
    assert rows(root, "robot") == [["1", "curl"], ["1", "deploy watch"]]


def test_only_what_is_new_is_read_and_nothing_twice(root: Root) -> None:
    root.write(LOG, line(ago=1) + line())
    assert days(root)[0]["requests"] == 1
    with root.path(LOG).open("a") as log:
        log.write(line("/two") + line("/two", "192.0.2.8"))
    assert {ago: day["requests"] for ago, day in days(root).items()} == {0: 3, 1: 1}
    assert days(root)[0]["visitors"] == 2, "who was here before is nobody new"
    assert rows(root, "page") == [["2", "/"], ["2", "/two"]]
    begun = root.path(LOG).read_text()
    root.write(LOG, begun[: len(line(ago=1))].ljust(len(begun), "x"))
    assert days(root)[0]["requests"] == 3, "what was read is not read again"


@pytest.mark.parametrize("rotations", [1, 2, 3])
def test_logs_that_were_rotated_and_compressed_since(root: Root, rotations: int) -> None:
    for ago in range(5, 3, -1):
        write_at(root, f"{LOG}.{ago - 2}", [line(ago=ago)], ago)
    compress(root.path(f"{LOG}.3"), root.path(f"{LOG}.3.gz"))
    write_at(root, LOG, [line(ago=3)], 3)
    assert {ago: day["requests"] for ago, day in days(root).items()} == {3: 1, 4: 1, 5: 1}
    with root.path(LOG).open("a") as log:
        log.write(line("/late", ago=3))
    os.utime(root.path(LOG), (time.time() - 3 * 86400, time.time() - 3 * 86400))
    for number in range(rotations):
        for each in range(8, 0, -1):
            if root.path(f"{LOG}.{each}.gz").exists():
                root.path(f"{LOG}.{each}.gz").rename(root.path(f"{LOG}.{each + 1}.gz"))
            elif root.path(f"{LOG}.{each}").exists():
                compress(root.path(f"{LOG}.{each}"), root.path(f"{LOG}.{each + 1}.gz"))
        root.path(LOG).rename(root.path(f"{LOG}.1"))
        write_at(root, LOG, [line(ago=2 - number)] if number < 2 else [], 2 - number)
    expected = {5: 1, 4: 1, 3: 2} | {2 - number: 1 for number in range(min(rotations, 2))}
    assert {ago: day["requests"] for ago, day in days(root).items()} == expected
    assert {ago: day["requests"] for ago, day in days(root).items()} == expected, "and once more"


def write_at(root: Root, path: str, lines: Iterable[str], ago: int) -> None:
    root.write(path, "".join(lines))
    os.utime(root.path(path), (time.time() - ago * 86400, time.time() - ago * 86400))


def test_days_stay_when_their_logs_are_gone(root: Root) -> None:
    root.write(LOG, line(ago=20) + line(ago=20) + line(ago=19))
    assert set(days(root)) == {19, 20}
    root.write(LOG, line(ago=19) + line(ago=19, address="192.0.2.9") + line())
    assert {ago: day["requests"] for ago, day in days(root).items()} == {0: 1, 19: 2, 20: 2}
    assert set(days(root, "--days", "20")) == {0, 19}
    root.path(LOG).unlink()
    assert set(days(root)) == {0, 19, 20}


def test_the_day_at_which_the_oldest_log_begins_does_not_shrink(root: Root) -> None:
    root.write(LOG, line(ago=1) * 5 + line())
    assert days(root)[1]["requests"] == 5
    root.write(LOG, line("/other", ago=1) + line() * 2)
    assert {ago: day["requests"] for ago, day in days(root).items()} == {0: 2, 1: 5}


def test_a_line_that_is_being_written_is_counted_once_it_is_whole(root: Root) -> None:
    whole = line("/half")
    root.write(LOG, line() + whole[:60])
    assert days(root)[0]["requests"] == 1
    assert days(root)[0]["unreadable"] == 0
    with root.path(LOG).open("a") as log:
        log.write(whole[60:])
    assert days(root)[0] | {"bytes": 0} == {
        **dict.fromkeys(WORDS, 0),
        "requests": 2,
        "visitors": 1,
    }


def test_no_address_stays(root: Root) -> None:
    root.write(LOG, line(ago=1) + line(address="2001:db8::1"))
    assert set(days(root)) == {0, 1}
    state = root.path(f"/var/lib/deploy/traffic/{SITE}")
    assert "192.0.2" not in state.read_text()
    assert "2001:db8" not in state.read_text()
    assert "Firefox" not in state.read_text()
    sketches = [row.split("\t")[1] for row in state.read_text().splitlines() if row.startswith("sketch")]
    assert sketches == [TODAY.date().isoformat()], "by which visitors are told apart, for the newest day only"
    assert state.stat().st_mode & 0o777 == 0o600
    assert state.parent.stat().st_mode & 0o777 == 0o700


def test_many_visitors_are_estimated_to_a_few_percent(root: Root) -> None:
    def address(number: int) -> str:
        return f"10.{number % 7}.{number // 256}.{number % 256}"

    root.write(LOG, "".join(line(address=address(number)) for number in range(20000) for _ in range(2)))
    assert abs(days(root)[0]["visitors"] - 20000) < 1600, "five times the standard error"
    with root.path(LOG).open("a") as log:
        log.write("".join(line(address=address(number)) for number in range(10000, 30000)))
    assert abs(days(root)[0]["visitors"] - 30000) < 2400


def test_a_day_far_ahead_of_a_clock_that_was_wrong_spoils_no_count_of_visitors(root: Root) -> None:
    root.write(LOG, line(ago=-400) + line(address="192.0.2.1"))
    assert days(root)[0]["visitors"] == 1
    for _ in range(3):
        with root.path(LOG).open("a") as log:
            log.write(line(address="192.0.2.1"))
        assert days(root)[0]["visitors"] == 1


HOSTILE = {
    "a name with a date of its own": line(
        user="x [01/Jan/2031:00:00:00 +0000] \\x22GET /evil HTTP/1.1\\x22 200 9"
    ),
    "no request": line(request="-", status=400),
    "TLS to port 80": line(request="\\x16\\x03\\x01\\x02", status=400),
    "HTTP/0.9": line(request="GET /"),
    "an absolute address": line(request="GET http://other.example.net/ HTTP/1.1"),
    "no agent": line(agent="-"),
    "empty agent": line(agent=""),
    "bytes": line(
        "/\x1b]0;evil\x07\x1b[31m\x00\xff\t\r", status=404, agent="\x1b[2J\x7f", referrer="https://\x1b[5m/"
    ),
    "a line of 1 MB": line("/" + "a" * 1000000, status=404, agent="b" * 1000000, referrer="c" * 1000000),
    "no referrer but a slash": line(referrer="////"),
    "awk": line("/%s%d%n\\", agent="%s%c$(id)`id`\\", referrer="https://%s%d/&"),
}


@pytest.mark.in_turns
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_line_is_one_request_and_plays_no_tricks(root: Root, hostile: str) -> None:
    root.path(LOG).write_bytes((hostile + line("/fine")).encode("latin-1"))
    told = root.run("traffic", SITE, TZ="UTC0")
    assert all((character.isascii() and character.isprintable()) or character in "\t\n" for character in told)
    assert len(told) < 2000
    assert days(root)[0]["requests"] == 2
    assert days(root)[0]["unreadable"] == 0
    assert ["1", "/fine"] in rows(root, "page")
    assert set(days(root)) == {0}


UNREADABLE = {
    "quotes": '"' * 100000 + "\n",
    "nothing": "\n",
    "JSON": '{"time": 7, "request": "GET /"}\n',
    "half": line()[:70] + "\n",
    "another date": line().replace(TODAY.strftime("%d/%b"), "99/Foo"),
    "NUL": "\0" * 5000 + "\n",
}


@pytest.mark.in_turns
@pytest.mark.parametrize("unreadable", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_line_of_nginx_is_counted_as_such(root: Root, unreadable: str) -> None:
    root.write(LOG, line() + unreadable + line())
    assert (days(root)[0]["requests"], days(root)[0]["unreadable"]) == (2, 1)
    root.path(f"/var/lib/deploy/traffic/{SITE}").unlink()
    root.write(LOG, unreadable)
    assert (days(root)[0]["requests"], days(root)[0]["unreadable"]) == (0, 1)


def test_an_empty_log_none_and_one_that_is_broken(root: Root) -> None:
    assert root.run("traffic", SITE) == ""
    root.write(LOG, "")
    assert root.run("traffic", SITE) == ""
    root.path(f"{LOG}.2.gz").write_bytes(gzip.compress(line(ago=2).encode() * 5000)[:-20])
    os.utime(root.path(f"{LOG}.2.gz"), (1, 1))
    root.write(LOG, line())
    assert (days(root)[0]["requests"], days(root)[2]["unreadable"]) == (1, 1)
    root.path(f"/var/lib/deploy/traffic/{SITE}").unlink()
    assert rows(root, "lost") == [[str(root.path(f"{LOG}.2.gz"))]]


def test_a_state_that_a_power_cut_has_left_half_is_begun_anew(root: Root) -> None:
    root.write(LOG, line() * 3)
    assert days(root)[0]["requests"] == 3
    state = root.path(f"/var/lib/deploy/traffic/{SITE}")
    for broken in ("", "\0\0\0", "read 7\n", "read 7 x y\nday\t\n"):
        state.write_text(broken)
        assert days(root)[0]["requests"] == 3


def test_paths_without_end_take_no_memory_without_end(root: Root) -> None:
    root.write(LOG, "".join(line(f"/{number}") + line("/often") for number in range(45000)))
    assert rows(root, "page")[-1] == ["45000", "/often"] or ["45000", "/often"] in rows(root, "page")


def test_what_is_asked_for_wrongly(root: Root) -> None:
    for wrong in (["../x"], [SITE, "--days", "0"], [SITE, "--days", "91"], [SITE, "--days", "x"]):
        assert root.run("traffic", *wrong, code=2).startswith("✗ ")


def test_without_a_name_it_is_every_site_that_has_a_log(root: Root) -> None:
    assert root.run("traffic") == ""
    root.write(LOG, line())
    root.write("/var/log/nginx/other.example.org.access.log", line())
    root.write("/var/log/nginx/access.log", line())
    told = root.run("traffic", TZ="UTC0").splitlines()
    assert sorted({row.split("\t")[1] for row in told}) == ["other.example.org", SITE]


def test_many_sites_are_told_one_after_the_other(root: Root) -> None:
    """They are counted side by side, and each by itself: also a site that is called as a part of another."""
    names = [f"site-{number}.example.org" for number in range(5)]
    names += [f"{names[0]}.{word}" for word in ("counts", "new", "told")]
    for number, name in enumerate(names):
        paths = [f"/{name}/{page}/{'x' * 250}" for page in range(20) for _ in range(number + 1)]
        root.write(f"/var/log/nginx/{name}.access.log", "".join(map(line, paths)))
    for _ in range(2):
        told = [row.split("\t") for row in root.run("traffic", *names, names[0], TZ="UTC0").splitlines()]
        assert [row[1] for row in told] == [name for name in sorted(names) for _ in range(21)]
        assert {row[1]: row[3] for row in told if row[0] == "day"} == {
            name: str(20 * (number + 1)) for number, name in enumerate(names)
        }
    kept = root.path("/var/lib/deploy/traffic")
    assert {path.name for path in kept.iterdir()} == set(names)


def test_what_the_status_page_has_counted_again_and_again_costs_little(root: Root) -> None:
    names = [f"site-{number}.test" for number in range(20)]
    logs = [root.path(f"/var/log/nginx/{name}.access.log") for name in names]
    for log in logs:
        log.write_text(line() * 5)
        log.with_suffix(".log.1").write_text(line(ago=1))
        os.utime(log.with_suffix(".log.1"), (time.time() - 86400, time.time() - 86400))
    root.run("traffic", "--quiet", TZ="UTC0")
    states = [root.path(f"/var/lib/deploy/traffic/{name}") for name in names]
    assert all("/more" not in state.read_text() for state in states)
    for log in logs:
        with log.open("a") as file:
            file.write(line("/more") * 5)
    assert root.processes("traffic", "--quiet") < 16 * len(names), "a log that only grew is read at its end"
    assert all("\t5\t/more" in state.read_text() for state in states)
    for log in logs:
        os.utime(log, (time.time() - 60, time.time() - 60))
    assert root.processes("traffic", "--quiet") < 20, "nothing has come to any"
    logs[0].rename(logs[0].with_suffix(".log.2"))
    logs[0].write_text(line("/after") * 10)
    assert root.processes("traffic", "--quiet") < 60, "one was rotated"
    told = (words.split("\t") for words in states[0].read_text().splitlines())
    assert [words[2:4] for words in told if words[0] == "day"] == [["20", "1"], ["1", "1"]]


def test_a_large_log_is_counted_by_two_as_by_one(root: Root) -> None:
    """Days apart, and their lists together; also when it is counted on, and when no line is readable."""
    wide = "x" * 2100
    lines = [
        line(
            f"/{number % 30}/{wide}",
            f"192.0.2.{number % 200}",
            ago=number // 1200,
            referrer="https://a.example.net/",
        )
        for number in reversed(range(16800))
    ]
    text = "".join(lines) + "odd\n"
    assert len(text) > 34_000_000
    other = "other.example.org"
    for name in (SITE, other):
        root.write(f"/var/log/nginx/{name}.access.log", text)

    def told(*names: str) -> list[list[str]]:
        rows = (row.split("\t") for row in root.run("traffic", *names, TZ="UTC0").splitlines())
        return sorted([row[0], *row[2:]] for row in rows if row[1] == SITE)

    alone = told(SITE)
    (root.path("/var/lib/deploy/traffic") / SITE).unlink()
    together = told(SITE, other)
    exact = [[each for at, each in enumerate(row) if (row[0], at) != ("day", 3)] for row in alone]
    assert exact == [[each for at, each in enumerate(row) if (row[0], at) != ("day", 3)] for row in together]
    assert sum(int(row[2]) for row in alone if row[0] == "day") == 16800
    assert all(abs(int(row[3]) - 200) < 12 for row in alone if row[0] == "day")
    (root.path("/var/lib/deploy/traffic") / SITE).unlink()
    assert told(SITE) != [], "by two"
    with root.path(LOG).open("a") as log:
        log.write(line("/one-more"))
    assert sum(int(row[2]) for row in told(SITE) if row[0] == "day") == 16801
    assert {path.name for path in root.path("/var/lib/deploy/traffic").iterdir()} == {SITE, other}
