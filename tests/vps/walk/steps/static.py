"""Sites of files from a Git repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.vocabulary import Arguments, step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Static(Entry):
    """Files of a repository beside sites.yaml."""

    kind: ClassVar[str] = "static"

    def keys(self, name: str) -> dict[str, Any]:
        return super().keys(name) | {"repository": f"./{self.owner}"}

    def answer(self, name: str, live: Live) -> str:
        return live.published.get(name, "404")


def domains_for(walk: Walk, kind: str) -> Iterator[Arguments]:
    """The domains that have nothing, or something of another kind."""
    yield from ((name,) for name in walk.names_for(kind) if "." in name)


@step(3, lambda walk: domains_for(walk, "static"))
def static(walk: Walk, name: str) -> None:
    """A new site of files; or something of another kind becomes one."""
    entry = walk.wanted[name] = Static(owner=walk.new_owner())
    walk.project.repository(entry.owner, {"index.html": f"{entry.page}\n"})
