"""Which archives are read again in a night: each once in so many days."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.backups.archives import Archive
from deployer.home.rereading import LAST, damaged, look, reread, share, times
from deployer.home.store import Store
from home.sample import lay

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def archives(sizes: list[int]) -> list[Archive]:
    return [Archive("a", NOW - DAY * number, size) for number, size in enumerate(sizes)]


@given(
    st.lists(st.integers(1, 1000), min_size=1, max_size=40),
    st.integers(1, 40),
    st.lists(st.integers(1, 4), min_size=1, max_size=90),
)
def test_each_is_read_once_in_so_many_days_also_when_nights_are_missed(
    sizes: list[int], days: int, nights: list[int]
) -> None:
    held, read, now = archives(sizes), {LAST: NOW}, NOW
    for passed in nights:
        now += DAY * passed
        for archive in share(held, read, days, now):
            read[archive.path] = now
        read[LAST] = now
    if now - NOW >= DAY * days:
        oldest = min(read.get(archive.path, NOW) for archive in held)
        assert now - oldest <= DAY * (days + max(nights))
    most = max(sum(archive.bytes for archive in held) / days * passed for passed in nights) + max(sizes)
    last = [archive for archive in held if read.get(archive.path) == now]
    assert sum(archive.bytes for archive in last) <= most


def test_a_second_pull_of_the_same_night_reads_none() -> None:
    held = archives([10, 10])
    assert len(share(held, {}, 2, NOW)) == 1
    assert share(held, {LAST: NOW - timedelta(hours=3)}, 2, NOW) == []


def test_what_came_just_now_is_not_read_twice(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.settle()
    (archive,) = archives([3])
    lay(tmp_path, archive, b"one")
    assert reread(store, 1, [archive], lambda text: None, NOW) == []
    assert times(store) == {archive.path: NOW, LAST: NOW}
    assert reread(store, 1, [], lambda text: None, NOW + timedelta(hours=1)) == [], "the same night"
    assert [a.path for a in reread(store, 1, [], lambda text: None, NOW + DAY)] == [archive.path]


@pytest.mark.parametrize("fault", ["altered", "cut", "no digest", "empty digest"])
def test_what_is_not_what_it_was_is_put_aside(tmp_path: Path, fault: str) -> None:
    store = Store(tmp_path)
    (archive,) = archives([3])
    path = lay(tmp_path, archive, b"one")
    assert look(store, archive)
    if fault == "altered":
        path.write_bytes(b"onf")
    elif fault == "cut":
        os.truncate(path, 2)
    else:
        path.with_name(f"{path.name}.sha256").write_text("" if fault == "empty digest" else "none")
    assert not look(store, archive)
    assert look(store, archive), "what is gone is no fault"
    assert (store.held(), damaged(store)) == ([], {"a": [archive.file]})


def test_what_was_written_down_may_be_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.settle()
    (archive,) = archives([3])
    lay(tmp_path, archive, b"one")
    for written in ("", "[]", '{"a": 1}', "\x00"):
        (store.state / "read.json").write_text(written)
        assert [a.path for a in reread(store, 1, [], lambda text: None, NOW)] == [archive.path]
