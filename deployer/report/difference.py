"""What a change does to one file, as a person reads it."""

import difflib
import hashlib
from collections.abc import Iterator

from deployer.files import File, Link
from deployer.planning.plan import Change, Surprise
from deployer.values.openpgp import fingerprints

KEY = b"PRIVATE KEY-----"
"""What is on the server is not marked as a secret, but a key tells that it is one."""
OF_A_RECORD = {Surprise.EDITED: "edited by hand", Surprise.TAKEN_OVER: "takes over a record made by hand"}
OF_A_MONITOR = {Surprise.EDITED: "edited by hand", Surprise.TAKEN_OVER: "takes over a file made by hand"}
"""What files of the server have other words for."""


def attributes(change: Change) -> Iterator[str]:
    """What a change does besides the lines: kind, rights and owner."""
    before, after = change.before, change.after
    if isinstance(before, Link):
        yield f"link to {before.target}"
    elif before and after:
        if before.mode != after.mode:
            yield f"mode {before.mode:04o} → {after.mode:04o}"
        if (before.owner, before.group) != (after.owner, after.group):
            yield f"owner {before.owner}:{before.group} → {after.owner}:{after.group}"
    elif after and after.mode not in (0o644, 0o755):
        whose = "" if after.owner == "root" else f", owner {after.owner}:{after.group}"
        yield f"mode {after.mode:04o}{whose}"


def is_record(path: str) -> bool:
    """Whether a path is that of a DNS record."""
    return path.startswith("dns:")


def is_monitor(path: str) -> bool:
    """Whether a path is that of a monitor elsewhere."""
    return path.startswith(("uptime_kuma:", "gatus:"))


def _surprise(change: Change) -> str:
    if is_record(change.path):
        return OF_A_RECORD.get(change.surprise, "")
    return OF_A_MONITOR.get(change.surprise, "") if is_monitor(change.path) else change.surprise.value


def mark(change: Change) -> str:
    """What becomes of the file, in one letter: `+` comes, `-` goes, `~` changes."""
    return "+" if change.before is None else "-" if change.after is None else "~"


def change_lines(change: Change) -> Iterator[str]:
    """A change as a plan shows it: its path, what is special about it, and its lines."""
    surprise = _surprise(change)
    notes = [note for note in (surprise, *attributes(change)) if note]
    yield f"{mark(change)} {change.path}" + (f" ({', '.join(notes)})" if notes else "")
    yield from (f"    {line}" for line in diff(change))


def diff(change: Change) -> list[str]:
    """The lines of a unified diff without its head; nothing of a secret."""
    before, after = change.before, change.after
    if any(isinstance(side, File) and (side.secret or KEY in side.content) for side in (before, after)):
        return ["(secret, not shown)"]
    if change.path.startswith(("dns:", "uptime_kuma:")):  # nobody asks in which line of how many it is
        return list(difflib.unified_diff(_lines(before), _lines(after), n=100, lineterm=""))[3:]
    head = 2 if before and after else 3  # a file that is new or gone has but one hunk
    return list(difflib.unified_diff(_lines(before), _lines(after), n=2, lineterm=""))[head:]


def _lines(side: File | Link | None) -> list[str]:
    """A file's lines; of GPG keys and of what is no text what tells them apart, for nobody reads the rest."""
    if not isinstance(side, File):
        return []
    keys = fingerprints(side.content)
    if keys or b"\0" in side.content:
        digest = hashlib.sha256(side.content).hexdigest()[:12]
        return [*(f"public GPG key {key}" for key in keys), f"({len(side.content)} bytes, SHA-256 {digest}…)"]
    return side.content.decode(errors="replace").splitlines()
