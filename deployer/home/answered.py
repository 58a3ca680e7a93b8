"""What the server's digests said when they were asked for: only what is new, or was touched, is asked again.

And of the others a share each night, since whoever owns the server can set times.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

from deployer.home.store import Store

NIGHTS = 30  # in which each is asked again whatever its time is
WRITTEN = "%Y/%m/%d %H:%M:%S"  # as rsync shows a time, whose order is that of its letters
SETTLED = timedelta(minutes=1)
"""What is younger when it is asked for may be written anew within the second that `rsync` shows."""


def answers(store: Store, there: Mapping[str, str], now: datetime) -> dict[str, str | None]:
    """What the digests said that are on the server as they were then (their sizes and times), by archive."""
    tonight = now.toordinal() % NIGHTS
    try:
        written = json.loads(_path(store).read_text())
        known = {str(path): (str(state), digest) for path, (state, digest) in written.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    same = (path for path, state in there.items() if known.get(path, ("",))[0] == state)
    return {path: known[path][1] for path in same if crc32(path.encode()) % NIGHTS != tonight}


def remember(
    store: Store, there: Mapping[str, str], digests: Mapping[str, str | None], asked: datetime
) -> None:
    """Write down what they say, but for those that are too young to be sure of."""
    settled = (asked - SETTLED).strftime(WRITTEN)
    kept = {
        path: (state, digests[path])
        for path, state in there.items()
        if path in digests and state.partition(" ")[2] < settled
    }
    new = _path(store).with_suffix(".new")
    new.write_text(json.dumps(kept, indent=0))
    new.replace(_path(store))


def _path(store: Store) -> Path:
    return store.state / "digests.json"
