"""Sites of files from a Git repository."""

from dataclasses import dataclass
from typing import Any, ClassVar

from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Static(Entry):
    """Files of a repository beside sites.yaml."""

    kind: ClassVar[str] = "static"
    pushed: ClassVar[bool] = True
    page_of_it: ClassVar[str] = "index.html"

    def keys(self, name: str) -> dict[str, Any]:
        return super().keys(name) | {"repository": f"./{self.owner}"}

    def answer(self, name: str, live: Live) -> str:
        return live.published.get(name, "404")

    def publish(self, walk: Walk, name: str) -> None:
        releases = walk.live.releases.setdefault(name, [])
        walk.pages += 1
        page = f"{self.owner}.{walk.pages}"
        walk.project.commit(self.owner, {self.page_of_it: f"{page}\n"})
        releases.append(page)
        walk.live.published[name] = page


@step(3, lambda walk: walk.domains_for("static"))
def static(walk: Walk, name: str) -> None:
    """A new site of files; or something of another kind becomes one."""
    entry = walk.wanted[name] = Static(owner=walk.new_owner())
    walk.project.repository(entry.owner, {entry.page_of_it: "nothing yet\n"})
