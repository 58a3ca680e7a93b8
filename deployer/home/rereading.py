"""Old archives are read again by and by, a share each night: a disk forgets, and says nothing.

When each was read last stands in `.deploy/read.json`. What is not what it was goes to `NAME/damaged/`, does
not count, and is told until a good copy is there.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployer.backups.archives import Archive, parse
from deployer.errors import DeployError
from deployer.home.records import STAMP, moment
from deployer.home.store import Store, digest_path, sha256
from deployer.waiting import waiting

NIGHT = timedelta(hours=12)  # what is less than that ago was the same night
LAST = "last share"  # among the paths: when one was read


def reread(
    store: Store, days: int, came: Iterable[Archive], say: Callable[[str], None], now: datetime
) -> list[Archive]:
    """Read the share of this night, so that each archive is read once in so many days; what was read."""
    held, read = store.held(), times(store)
    for archive in came:  # it was compared with its digest a moment ago
        read[archive.path] = now
    chosen, tonight = share(held, read, days, now), is_another_night(read, now)
    for archive in chosen:
        say(f"▸ again: {archive.path}")
        read[archive.path] = now
        with waiting(archive.path):
            look(store, archive)
        write(store, read, held)
    if tonight:
        read[LAST] = now
    write(store, read, held)
    return chosen


def share(held: list[Archive], read: Mapping[str, datetime], days: int, now: datetime) -> list[Archive]:
    """Those that were read longest ago, as many bytes as belong to the time since the last share; pure."""
    if not is_another_night(read, now):
        return []
    passed = now - read[LAST] if LAST in read else timedelta(days=1)
    bytes_left = sum(archive.bytes for archive in held) * min(1.0, passed / timedelta(days=days))
    never = datetime.min.replace(tzinfo=UTC)
    chosen: list[Archive] = []
    for archive in sorted(held, key=lambda each: (read.get(each.path, never), each.time)):
        if bytes_left <= 0 or read.get(archive.path) == now:
            break
        chosen.append(archive)
        bytes_left -= archive.bytes
    return chosen


def is_another_night(read: Mapping[str, datetime], now: datetime) -> bool:
    """Whether there was no share yet in this one."""
    return LAST not in read or now - read[LAST] >= NIGHT


def look(store: Store, archive: Archive) -> bool:
    """Whether an archive is what it was when it came, or is gone; one that is not is put aside."""
    path = store.path(archive)
    try:
        good = sha256(path) == store.digest(archive)
    except FileNotFoundError:
        return True
    except OSError:  # the disk says it itself
        good = False
    if not good:
        put_aside(path)
    return good


def put_aside(path: Path) -> None:
    """Move an archive and its digest to where they do not count; raises DeployError where that cannot be."""
    aside = path.parent / "damaged"
    try:
        aside.mkdir(exist_ok=True)
        os.replace(path, aside / path.name)
        with suppress(FileNotFoundError):
            os.replace(digest_path(path), digest_path(aside / path.name))
    except OSError as error:
        raise DeployError(
            f"{path} is damaged, and cannot be put aside: {error.strerror}", "Look at the disk: dmesg"
        ) from error


def damaged(store: Store) -> dict[str, list[str]]:
    """The files that were found damaged, and have no good copy yet, by name; of the others nothing stays."""
    found: dict[str, list[str]] = {}
    for archive in _aside(store):
        if not store.path(archive).exists():
            found.setdefault(archive.name, []).append(archive.file)
    return found


def forget_mended(store: Store) -> None:
    """Delete what was damaged and has come again."""
    for archive in _aside(store):
        if store.path(archive).exists():
            aside = store.path(archive).parent / "damaged" / archive.file
            aside.unlink()
            digest_path(aside).unlink(missing_ok=True)


def _aside(store: Store) -> list[Archive]:
    paths = sorted(store.directory.glob("*/damaged/*"))
    every = (parse(f"{path.parent.parent.name}/{path.name}") for path in paths)
    return [archive for archive in every if archive]


def all_read_since(store: Store) -> dict[str, datetime]:
    """Since when every archive of a name was read; names with one that never was are left out."""
    read, oldest, never = times(store), dict[str, datetime](), set[str]()
    for archive in store.held():
        if archive.path in read:
            time = read[archive.path]
            oldest[archive.name] = min(time, oldest.get(archive.name, time))
        else:
            never.add(archive.name)
    return {name: time for name, time in oldest.items() if name not in never}


def times(store: Store) -> dict[str, datetime]:
    """When each archive was read last, as far as it can be read."""
    try:
        written = json.loads((store.state / "read.json").read_text())
        every = {str(path): moment(str(time)) for path, time in written.items()}
    except (OSError, ValueError, AttributeError):
        return {}
    return {path: time for path, time in every.items() if time}


def write(store: Store, read: Mapping[str, datetime], held: list[Archive]) -> None:
    """Write down when each was read, of those that are here."""
    paths = [path for path in [LAST, *sorted(archive.path for archive in held)] if path in read]
    new = store.state / "read.json.new"
    new.write_text(json.dumps({path: read[path].strftime(STAMP) for path in paths}, indent=1) + "\n")
    new.replace(store.state / "read.json")
