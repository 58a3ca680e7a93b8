"""What the program `status-page` sees, remembers and makes, where there is no server but one of HTTP."""

import fcntl
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from installed.conftest import INSTALLED, Root

SITES = ("blog.example.org", "www.example.org")
PAGE = "status.example.org"
LOOKS = "/var/lib/deploy/status/looks"
PLACE = f"/var/lib/deploy/pages/{PAGE}"
NOW = 1_796_000_000  # a morning in November


ROOMY = {"BASH_FUNC_df%%": "() { printf 'Size Used Free\\n/ 40000000 20000000 20000000\\n'; }"}
"""A disk that is half full, whatever that of this machine is: programs set their PATH, but see functions."""


class Answers(BaseHTTPRequestHandler):
    """The pages of the sites: by their names, what they answer."""

    by_name: dict[str, int] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        name = self.headers["Host"]
        self.asked.append(name)
        self.send_response(self.by_name.get(name, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def answers(root: Root) -> Iterator[dict[str, int]]:
    """What the sites of this server answer; curl is led to them by its own settings."""
    handler = type("Here", (Answers,), {"by_name": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root.write("/.curlrc", f'connect-to = "::127.0.0.1:{server.server_port}"\n')
    serve(root, *SITES)
    yield handler.by_name
    server.shutdown()
    server.server_close()


def serve(root: Root, *names: str) -> None:
    """Have these in NGINX, and a page of them."""
    for name in names:
        root.write(f"/etc/nginx/conf.d/{name}.conf", f"server {{\n listen 80;\n server_name {name};\n}}\n")
    lines = "".join(f"{'0' * 64}  /etc/nginx/conf.d/{name}.conf\n" for name in names)
    root.write("/var/lib/deploy/manifest", lines)
    root.write(f"/etc/deploy/status/{PAGE}", f"# of it\nurl https://{PAGE}\n")


def publish(root: Root) -> dict[str, Any]:
    """Make the page, and read what it says."""
    root.run("status-page", "--publish", TZ="UTC0", **ROOMY)
    return dict(json.loads(root.path(f"{PLACE}/status.json").read_text()))


def write_archive(root: Root) -> None:
    """A backup of blog, made just now."""
    for name in ("backup-1.tar.zst.gpg", "backup-1.tar.zst.gpg.sha256"):
        root.write(f"/home/backups/blog/{name}", "x")


def days_ago(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86400))


def remembered(known: str, *looks: tuple[str, str], now: int = NOW) -> list[list[str]]:
    """What is known once these were seen: lines of words."""
    program = [f"{INSTALLED}/lib/status/{name}.awk" for name in ("days", "remember")]
    seen = "".join(f"look\t{name}\t\t{words}\n" for name, words in looks)
    script = 'mawk -v now="$1" -f "$2" -f "$3" before=1 <(printf %s "$4") before= <(printf %s "$5")'
    done = subprocess.run(
        ["bash", "-c", script, "-", str(now), *program, known, seen],
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def after(*rounds: list[tuple[str, str]], every: int = 300) -> list[list[str]]:
    """What is known after so many looks, one behind the other."""
    known: list[list[str]] = []
    for number, looks in enumerate(rounds):
        text = "".join("\t".join(line) + "\n" for line in known)
        known = remembered(text, *looks, now=NOW + number * every)
    return known


def kind(known: list[list[str]], word: str) -> list[list[str]]:
    return [line[1:] for line in known if line[0] == word]


WELL, BAD = ("www.example.org", ""), ("www.example.org", "answers 502")


def test_a_first_look_says_nothing_of_the_days_before(root: Root, answers: dict[str, int]) -> None:
    told = publish(root)
    assert (told["sentence"], told["fine"]) == ("All is well", True)
    assert [site["name"] for site in told["sites"]] == list(SITES)
    for site in told["sites"]:
        assert (site["state"], site["up_percent"]) == ("up", None)
        assert [(day["state"], day["looks"]) for day in site["days"]] == [("up", 1)]
    page = root.path(f"{PLACE}/index.html").read_text()
    assert page.count(": nobody looked</title>") == 89 * len(SITES)
    assert page.count('<p class="share">not known yet</p>') == len(SITES)
    assert page.count(
        'aria-label="90 days: its share not known yet, 0 days with failures, 89 days not known"'
    ) == len(SITES)


def test_what_gets_no_good_answer_twice_is_down(root: Root, answers: dict[str, int]) -> None:
    answers["www.example.org"] = 502
    told = publish(root)
    assert (told["sentence"], told["fine"]) == ("1 of 2 is down", False)
    assert [(site["name"], site["state"], site["why"]) for site in told["sites"]] == [
        ("www.example.org", "down", "answers 502"),
        ("blog.example.org", "up", None),
    ]
    (incident,) = told["incidents"]
    assert (incident["name"], incident["what"], incident["until"]) == (
        "www.example.org",
        "answers 502",
        None,
    )
    answers.clear()
    assert [site["state"] for site in publish(root)["sites"]] == ["up", "up"]


def test_a_look_right_after_another_is_no_second_look(root: Root, answers: dict[str, int]) -> None:
    publish(root)
    assert [day["looks"] for site in publish(root)["sites"] for day in site["days"]] == [1, 1]


def test_files_and_their_folder_are_for_everybody_and_the_state_is_not(
    root: Root, answers: dict[str, int]
) -> None:
    publish(root)
    place = root.path(PLACE)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (place, *place.iterdir())}
    assert modes == {PAGE: 0o755, "index.html": 0o644, "feed.xml": 0o644, "status.json": 0o644}
    assert root.path(LOOKS).stat().st_mode & 0o777 == 0o600
    assert root.path(LOOKS).parent.stat().st_mode & 0o777 == 0o700


def test_what_is_hidden_is_nowhere(root: Root, answers: dict[str, int]) -> None:
    root.write(f"/etc/deploy/status/{PAGE}", f"url https://{PAGE}\nhidden www.example.org\n")
    answers["www.example.org"] = 502
    assert publish(root)["sentence"] == "All is well"
    for file in root.path(PLACE).iterdir():
        assert "www.example.org" not in file.read_text()
    assert "blog.example.org" not in root.run("status-page", "--without", "blog.example.org")


def test_a_site_of_which_nothing_is_live_yet_is_not_down(root: Root, answers: dict[str, int]) -> None:
    answers["www.example.org"] = 404
    root.site("www.example.org")
    assert [site["name"] for site in publish(root)["sites"]] == ["blog.example.org"]
    root.path("/var/www/www.example.org").symlink_to(root.folder)
    assert publish(root)["sentence"] == "1 of 2 is down"


def test_a_page_that_is_no_more_goes(root: Root, answers: dict[str, int]) -> None:
    publish(root)
    root.path(f"/etc/deploy/status/{PAGE}").unlink()
    root.run("status-page", "--publish")
    assert not root.path(PLACE).exists()
    assert "run deploy apply" in root.run("status-page", "--publish", PAGE, code=69)


def test_looks_and_incidents_of_a_day() -> None:
    known = after([WELL], [WELL], [BAD], [BAD], [WELL], [WELL])
    assert kind(known, "seen") == [["2026-11-30", "www.example.org", "6", "2"]]
    begin, last, end = NOW + 600, NOW + 900, NOW + 1200
    assert kind(known, "incident") == [["www.example.org", str(begin), str(last), str(end), "answers 502"]]


def test_an_incident_ends_when_nobody_looks_any_more() -> None:
    known = after([BAD], [BAD], every=7200)
    assert kind(known, "incident") == [
        ["www.example.org", str(NOW), str(NOW), str(NOW), "answers 502"],
        ["www.example.org", str(NOW + 7200), str(NOW + 7200), "0", "answers 502"],
    ]
    gone = after([BAD], [("blog.example.org", "")])
    assert kind(gone, "incident") == [["www.example.org", str(NOW), str(NOW), str(NOW), "answers 502"]]


def test_a_clock_that_was_wrong_for_a_while_costs_nothing() -> None:
    day = 86400
    text = "".join(
        f"seen\t{time.strftime('%Y-%m-%d', time.gmtime(NOW - ago * day))}\twww.example.org\t288\t0\n"
        for ago in range(89, 0, -1)
    )
    text += f"incident\twww.example.org\t{NOW - day}\t{NOW - day}\t{NOW - day + 300}\tno answer\n"
    ahead = remembered(text, BAD, now=NOW + 4000 * day)
    again = remembered("".join("\t".join(line) + "\n" for line in ahead), WELL)
    assert len(kind(again, "seen")) == 90
    assert kind(again, "incident") == [
        ["www.example.org", str(NOW - day), str(NOW - day), str(NOW - day + 300), "no answer"]
    ]


def test_a_state_that_a_power_cut_has_left_is_begun_anew() -> None:
    known = remembered("seen\t2026-11-2\nincident\tx\nlooked\tyesterday\nseen\tx\ty\tz\t0\n", WELL)
    assert kind(known, "seen") == [["2026-11-30", "www.example.org", "1", "0"]]
    assert kind(known, "incident") == []


def test_no_more_than_there_is_room_for_is_kept() -> None:
    text = "".join(
        f"incident\twww.example.org\t{NOW - 900 * number}\t{NOW}\t{NOW}\tno answer\n"
        for number in range(300, 0, -1)
    )
    text += "".join(
        f"seen\t20{year}-0{month}-01\twww.example.org\t1\t0\n"
        for year in range(10, 27)
        for month in range(1, 10)
    )
    known = remembered(text, WELL)
    assert (len(kind(known, "incident")), len(kind(known, "seen"))) == (100, 92)
    assert kind(known, "incident")[-1][1] == str(NOW - 900), "the newest stay"


@pytest.mark.parametrize(("looks", "share"), [(10, None), (11, 8.33)])
def test_a_share_is_told_once_an_hour_was_looked_at(
    root: Root, answers: dict[str, int], looks: int, share: float | None
) -> None:
    looked = f"looked\t{int(time.time()) - 300}\n"
    root.write(LOOKS, f"{looked}seen\t{days_ago(1)}\twww.example.org\t{looks}\t{looks}\n")
    site = next(site for site in publish(root)["sites"] if site["name"] == "www.example.org")
    assert site["up_percent"] == share


def test_a_page_of_ninety_days(root: Root, answers: dict[str, int]) -> None:
    day = time.time() - 5 * 86400
    root.write(
        LOOKS,
        f"looked\t{int(time.time()) - 300}\n"
        + "".join(f"seen\t{days_ago(ago)}\twww.example.org\t288\t{3 * (ago == 5)}\n" for ago in range(1, 90))
        + f"incident\twww.example.org\t{day:.0f}\t{day + 600:.0f}\t{day + 900:.0f}\tanswers 502\n",
    )
    site = next(site for site in publish(root)["sites"] if site["name"] == "www.example.org")
    assert site["up_percent"] == 99.98
    assert [each["state"] for each in site["days"] if each["state"] != "up"] == ["down"]
    page = root.path(f"{PLACE}/index.html").read_text()
    assert ": down for about 15 minutes</title>" in page
    feed = ElementTree.fromstring(root.path(f"{PLACE}/feed.xml").read_text())
    titles = [item.findtext("title") for item in feed.iter("item")]
    assert titles == ["www.example.org is well again", "www.example.org: answers 502"]


def line(when: float, status: int = 200, seconds: str = "0.050") -> str:
    clock = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(when))
    return f'192.0.2.7 - - [{clock}] "GET /secret HTTP/2.0" {status} 1000 "-" "Firefox" {seconds}\n'


def test_times_and_errors_come_from_nginx_own_log(root: Root, answers: dict[str, int]) -> None:
    begin = time.time() // 60 * 60 - 3600
    lines = [line(begin + minute * 60, 502) for minute in range(5) for _ in range(6)]
    lines += [line(begin + 600, 200, seconds) for seconds in ("0.100", "0.110") for _ in range(40)]
    lines += [line(begin + 700, 200, "2.000") for _ in range(2)]
    root.write("/var/log/nginx/www.example.org.access.log", "".join(lines))
    told = publish(root)
    (incident,) = told["incidents"]
    assert (incident["what"], incident["down"]) == ("many errors", False)
    assert told["fine"], "a stranger who finds a page with an error takes nothing down"
    site = next(site for site in told["sites"] if site["name"] == "www.example.org")
    counted = [each for each in site["days"] if each["requests"]]
    assert sum(each["requests"] for each in counted) == len(lines)
    assert 85 <= counted[0]["median_ms"] <= 130
    page = root.path(f"{PLACE}/index.html").read_text()
    assert "Answers in" in page
    assert "192.0.2.7" not in page
    assert "/secret" not in page


def test_a_quick_page_counts_nothing(root: Root, answers: dict[str, int]) -> None:
    root.write("/var/log/nginx/www.example.org.access.log", line(time.time()))
    root.run("status-page", "--publish", "--quick")
    assert "Visitors" not in root.path(f"{PLACE}/index.html").read_text()
    root.run("status-page", "--publish")
    assert "Visitors" in root.path(f"{PLACE}/index.html").read_text()


def test_who_looked_later_is_not_overwritten_by_who_counts_for_long(
    root: Root, answers: dict[str, int]
) -> None:
    counting = root.path("/var/lib/deploy/traffic/x").parent
    folder = os.open(counting, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    publishing = subprocess.Popen(
        [INSTALLED / "bin/status-page", "--publish"],
        env={"PATH": os.environ["PATH"], "HOME": str(root.folder), "DEPLOY_ROOT": str(root.folder)},
    )
    while not root.path("/var/lib/deploy/status/counted").exists():
        assert publishing.poll() is None
    answers["www.example.org"] = 500
    later = publish(root)["sites"][0]["state"]
    os.close(folder)
    assert publishing.wait(timeout=60) == 0
    now = json.loads(root.path(f"{PLACE}/status.json").read_text())["sites"][0]["state"]
    assert (later, now) == ("down", "down")


HOSTILE = "\"><script>alert(1)</script>&'\\\x1b\x80\t</title>]]>"


def test_whatever_stands_in_its_files_is_text(root: Root, answers: dict[str, int]) -> None:
    now = int(time.time())
    words = f"{now - 900}\t{now - 600}\t{now - 300}\t{HOSTILE.replace(chr(9), ' ')}"
    root.path(LOOKS).write_bytes(f"incident\twww.example.org\t{words}\n".encode("latin-1"))
    root.write("/srv/deploy/www.example.org/made-live", f'{{"time":"{HOSTILE}","by":"{HOSTILE}"}}\n')
    root.path("/etc/deploy/backup/x").parent.mkdir(parents=True, exist_ok=True)
    root.path("/etc/deploy/backup/<b>&").touch()
    (incident,) = publish(root)["incidents"]
    assert "<script>alert(1)</script>&'\\??" in incident["what"]
    page = root.path(f"{PLACE}/index.html").read_text()
    assert "<script>alert" not in page
    assert len(re.findall("<script", page)) == 1
    feed = ElementTree.fromstring(root.path(f"{PLACE}/feed.xml").read_text())
    assert "<script>alert(1)" in str(next(feed.iter("item")).findtext("description"))


def test_a_site_that_has_gone_is_shown_no_more(root: Root, answers: dict[str, int]) -> None:
    publish(root)
    serve(root, "new.example.org")
    told = publish(root)
    assert [site["name"] for site in told["sites"]] == ["new.example.org"]
    assert "www.example.org" not in root.path(f"{PLACE}/index.html").read_text()


def test_without_any_site_it_says_so(root: Root, tmp_path: Path) -> None:
    root.write(f"/etc/deploy/status/{PAGE}", f"url https://{PAGE}\n")
    told = publish(root)
    assert (told["sentence"], told["fine"]) == ("There is nothing to look at", False)


def test_nothing_is_well_of_what_nobody_has_looked_at_to_the_end(root: Root, answers: dict[str, int]) -> None:
    root.service("runner", RUNNER="compose")
    root.write("/kill", "if [[ $0 == */bin/well ]]; then kill -KILL $$; fi\n")
    root.run("status-page", "--publish", TZ="UTC0", BASH_ENV=str(root.path("/kill")))
    told = json.loads(root.path(f"{PLACE}/status.json").read_text())
    assert told["services"] == [{"name": "runner", "state": "unknown"}]
    assert (told["sentence"], told["fine"]) == ("Not known of 1 of 3", False)
    assert '<span class="state gap">Not known</span>' in root.path(f"{PLACE}/index.html").read_text()


def test_words_of_something_else_are_no_service(root: Root, answers: dict[str, int]) -> None:
    root.service("runner", RUNNER="compose")
    root.write("/odd", "if [[ $0 == */bin/well ]]; then printf 'runner\\tone\\nusage: two\\n'; exit 0; fi\n")
    root.run("status-page", "--publish", TZ="UTC0", BASH_ENV=str(root.path("/odd")))
    told = json.loads(root.path(f"{PLACE}/status.json").read_text())
    assert told["services"] == [{"name": "runner", "state": "unwell"}]


def test_what_is_stopped_on_purpose_or_waits_for_its_first_push_is_not_ill(
    root: Root, answers: dict[str, int]
) -> None:
    root.service("runner", RUNNER="compose")
    root.service("shop.example.org", RUNNER="compose", APPLICATION="shop.example.org")
    serve(root, *SITES, "shop.example.org")
    root.write("/odd", "if [[ $0 == */bin/well ]]; then printf 'runner\\t\\tby me\\n'; exit 0; fi\n")
    root.run("status-page", "--publish", TZ="UTC0", BASH_ENV=str(root.path("/odd")))
    told = json.loads(root.path(f"{PLACE}/status.json").read_text())
    assert told["services"] == [{"name": "runner", "state": "stopped"}]
    assert {site["name"] for site in told["sites"]} == {*SITES}


def test_it_is_not_well_that_backups_are_late(root: Root, answers: dict[str, int]) -> None:
    assert publish(root)["sentence"] == "All is well"
    root.write("/etc/deploy/backup/blog", "")
    told = publish(root)
    assert (told["sentence"], told["fine"]) == ("All is up, but 1 backup is late", False)
    write_archive(root)
    assert publish(root)["sentence"] == "All is well"


def test_a_backup_from_the_future_is_not_fresh(root: Root, answers: dict[str, int]) -> None:
    root.write("/etc/deploy/backup/blog", "")
    write_archive(root)
    assert publish(root)["backups"]["fresh"] == 1
    later = time.time() + 40 * 86400
    os.utime(root.path("/home/backups/blog/backup-1.tar.zst.gpg"), (later, later))
    assert publish(root)["backups"]["fresh"] == 0


def test_who_was_let_in_to_fetch_backups_may_not_have_got_them(root: Root, answers: dict[str, int]) -> None:
    root.write("/etc/deploy/backup/blog", "")
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
    command = "rsync --server --sender -e.LsfxCIvu . /home/backups/"
    line = {"time": when, "key": "home", "from": "", "command": command, "result": "accepted"}
    root.write("/var/log/deploy/keys.log", json.dumps(line, separators=(",", ":")) + "\n")
    assert publish(root)["backups"]["fetched"] == when
    page = root.path(f"{PLACE}/index.html").read_text()
    assert "asked for 2 hours ago" in page
    assert "fetched 2 hours ago" not in page


@pytest.mark.parametrize("file", ["index.html", "feed.xml", "status.json"])
def test_a_page_for_which_the_disk_has_no_room_leaves_all_of_the_one_before(
    root: Root, answers: dict[str, int], file: str
) -> None:
    publish(root)
    files = sorted(root.path(PLACE).iterdir())
    whole = {made: made.stat().st_mtime_ns for made in files}
    made_first = root.path(f"/var/lib/deploy/status/made/{file}")
    made_first.parent.mkdir(exist_ok=True)
    made_first.symlink_to("/dev/full")
    assert "No space left" in root.run("status-page", "--publish", TZ="UTC0", code=2)
    assert {made: made.stat().st_mtime_ns for made in files} == whole
    assert not any(made.is_symlink() for made in files)
