"""What the server tells of its backups, and when that is no good."""

import json
import re
from io import StringIO

import pytest

from deployer.report import health as report
from deployer.report.health import gigabytes
from deployer.report.page import console
from deployer.seen.health import Health, read_health

SERVER = """\
server memory 4000000 2000000
server disk 40000000 20000000
server load 0.10 2
server uptime 90000
server reboot no
server now 1795302000
server backup_key 1796000000
backup photos {"time":"2026-11-20T23:00:12Z","site":"photos","action":"backup","result":"ok","bytes":1234}
backup old {"time":"2026-11-19T20:00:12Z","result":"warning","warnings":["half of \\u001b[2J9 MB"]}
backup new
"""


def shown(health: Health, monkeypatch: pytest.MonkeyPatch) -> str:
    page = console(stderr=False)
    page.file = StringIO()
    monkeypatch.setattr(report, "out", page)
    report.show_health(health, "vps.example.org")
    return page.file.getvalue()


def test_backups_and_their_key_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    health = read_health(SERVER, {})
    assert {backup.name: (backup.hours, backup.fine) for backup in health.backups} == {
        "new": (None, False),
        "old": (51.0, False),
        "photos": (24.0, True),
    }
    assert health.key_days == 8
    assert [backup["fine"] for backup in json.loads(report.as_json(health, "x"))["backups"]] == [
        False,
        False,
        True,
    ]
    text = shown(health, monkeypatch)
    assert "backup of new: never\nbackup of old: 2 days ago\nbackup of photos: 24 hours ago" in text
    assert "the last backup of old: half of \ufffd[2J9 MB" in text
    assert "the key of the backups expires in 8 days: without it there are none" in text


def test_a_server_without_backups_says_nothing_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    health = read_health("\n".join(SERVER.splitlines()[:6]), {})
    assert (health.backups, health.key_days) == ((), None)
    assert "backup" not in shown(health, monkeypatch)


def test_a_server_with_one_core_has_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    health = read_health(SERVER.replace("load 0.10 2", "load 0.10 1"), {})
    assert "load 0.10 on 1 core, up 1 day" in shown(health, monkeypatch)


def test_room_on_the_disk_is_told_in_the_unit_of_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(read_health(SERVER, {}), monkeypatch)
    assert re.search(r"disk [0-9.]+ of [0-9.]+ GB free, memory [0-9.]+ of [0-9.]+ GiB free", text), text
    assert gigabytes(50_292_969) == "51.5"
