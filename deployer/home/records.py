"""What was found out about archives at home: one JSON line each, in `.deploy/verified.jsonl`."""

import json
from datetime import UTC, datetime
from typing import Any

from deployer.backups.archives import Archive
from deployer.home.store import Store

STAMP = "%Y-%m-%dT%H:%M:%SZ"


def record(store: Store, archive: Archive, action: str, error: str = "", **more: object) -> None:
    """Write down that an archive was read (`verify`) or restored (`restore`), and whether it was good."""
    line = {
        "time": datetime.now(UTC).strftime(STAMP),
        "archive": archive.path,
        "action": action,
        "result": "failed" if error else "ok",
        **more,
        **({"error": error} if error else {}),
    }
    store.state.mkdir(exist_ok=True)
    with (store.state / "verified.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def last_good(store: Store) -> dict[str, datetime]:
    """When an archive of each name was last found to be good."""
    found: dict[str, datetime] = {}
    for line in lines(store):
        if line.get("result") == "ok" and (time := moment(line["time"])):
            found[line["archive"].partition("/")[0]] = time
    return found


def last_failed(store: Store) -> set[str]:
    """The names whose newest record is of an archive that was not good."""
    last = {line["archive"].partition("/")[0]: line.get("result") for line in lines(store)}
    return {name for name, result in last.items() if result == "failed"}


def moment(text: str) -> datetime | None:
    """The time of a record."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def warnings(store: Store) -> dict[str, tuple[str, ...]]:
    """Of what the backups warned, by the paths of archives that were read."""
    return {
        line["archive"]: tuple(map(str, line["warnings"])) for line in lines(store) if line.get("warnings")
    }


def lines(store: Store) -> list[dict[str, Any]]:
    """Every record that can be read, the oldest first."""
    try:
        written = (store.state / "verified.jsonl").read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in written:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # the end of it was lost with the power
    return [
        line
        for line in found
        if isinstance(line, dict) and all(isinstance(line.get(key), str) for key in ("time", "archive"))
    ]
