"""A sites.yaml that cannot be: it is refused before the server is asked, and nothing changes there."""

from dataclasses import dataclass, field
from typing import Any

from vps.walk.entries import Entry
from vps.walk.vocabulary import step
from vps.walk.walk import Walk

MISTAKES: dict[str, dict[str, Any]] = {
    "unknown-kind": {"kind": "statc"},
    "unknown-key": {"kind": "redirect", "to": "https://example.org", "https": False, "aliasses": ["x.test"]},
    "no-file": {"kind": "compose", "file": "nowhere.yml", "port": 8149},
    "no-secret": {
        "kind": "umami",
        "https": False,
        "port": 8149,
        "environment": {"A": "${B"},
        "probe": "no path",
    },
    "syntax": {"kind": "redirect", "to": "https://example.org/;}", "https": False},
}


@dataclass(frozen=True, kw_only=True)
class Mistake(Entry):
    """What stands in sites.yaml for a moment."""

    written: dict[str, Any] = field(hash=False)

    def keys(self, name: str) -> dict[str, Any]:
        return self.written


@step(0.7, lambda walk: ((how,) for how in MISTAKES if walk.applied), acts=True)
def mistake(walk: Walk, how: str) -> None:
    """An apply with a mistake in sites.yaml, which the owner takes back."""
    walk.wanted["mistake.test"] = Mistake(owner="nobody", written=MISTAKES[how])
    try:
        walk.fails("apply", "--yes", code=2)
    finally:
        del walk.wanted["mistake.test"]
