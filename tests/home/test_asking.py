"""A pull asks for the digests that are new or were touched, and of the others for a share each night."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.backups.archives import Archive
from deployer.config.home import Home
from deployer.config.server import Server
from deployer.home.answered import NIGHTS, answers
from deployer.home.asking import ask, suspicions
from deployer.home.link import Link
from deployer.home.offers import with_digest
from deployer.home.store import Store, digest_path
from home.sample import lay, now

NIGHT = timedelta(days=1)


class Beside(Link):
    """The real rsync, of a folder of this machine; what it was asked for."""

    def __init__(self, there: Path, store: Store) -> None:
        super().__init__(Server(host="vps.example.org"), Home(directory=str(store.directory)))
        self.there, self.asked = there, list[str]()

    def _from(self, path: str) -> str:
        return f"{self.there}/{path}"

    def digests(self, paths: Sequence[str], folder: Path) -> None:
        self.asked = list(paths)
        super().digests(paths, folder)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "here")
    store.directory.mkdir()
    store.settle()
    return store


def fill(there: Path, nights: int) -> list[Archive]:
    made = [Archive("photos", now() - night * NIGHT, 3) for night in range(nights)]
    for archive in made:
        path = digest_path(lay(there, archive, os.urandom(3)))
        os.utime(path, (archive.time.timestamp(),) * 2)
    return made


def test_only_what_is_new_or_touched_is_asked(store: Store, tmp_path: Path) -> None:
    made = fill(tmp_path / "there", 200)
    with Beside(tmp_path / "there", store) as link:
        first, names = ask(link, store)
        assert len(link.asked) == 200
        assert names == {"photos"}
        again, _ = ask(link, store)
        assert again == first
        assert f"{made[0].path}.sha256" in link.asked, "it is a second old, and could be written anew in it"
        assert len(link.asked) < 30, "the youngest, and the share of tonight"
        touched = digest_path(lay(tmp_path / "there", made[150], b"new"))
        os.utime(touched, (1e9, 1e9))
        third, _ = ask(link, store)
        assert f"{made[150].path}.sha256" in link.asked
        assert len(link.asked) < 31
    changed = [old.archive.path for old, new in zip(first, third, strict=True) if old.digest != new.digest]
    assert changed == [made[150].path]


def test_what_was_altered_and_has_its_old_time_is_asked_again_some_night(
    store: Store, tmp_path: Path
) -> None:
    fill(tmp_path / "there", 50)
    with Beside(tmp_path / "there", store) as link:
        ask(link, store)
        there = with_digest(link.listing())
    today = datetime.now(UTC)
    asked = [there.keys() - answers(store, there, today + night * NIGHT).keys() for night in range(NIGHTS)]
    assert set().union(*asked) == there.keys()
    assert sum(map(len, asked)) <= len(there) + NIGHTS, "each once, and the youngest each night"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"photos/x": 3}', '{"photos/x": ["a"]}', "\xff"])
def test_what_cannot_be_read_is_as_if_nothing_had_been_asked(store: Store, text: str) -> None:
    (store.state / "digests.json").write_text(text, "latin-1")
    assert answers(store, {"photos/x": "94 2026/11/21 23:00:00"}, datetime.now(UTC)) == {}


def test_a_digest_that_goes_while_it_is_asked_for_is_told(store: Store, tmp_path: Path) -> None:
    made = fill(tmp_path / "there", 3)

    class Slow(Beside):
        def listing(self) -> str:
            found = super().listing()
            digest_path(tmp_path / "there" / made[1].path).unlink()
            return found

    with Slow(tmp_path / "there", store) as link:
        offered, _ = ask(link, store)
    (told,) = suspicions(offered, store)
    assert told.startswith(f"{made[1].file} has no digest on the server")
