"""Sites that Hugo builds."""

from dataclasses import dataclass
from typing import ClassVar

from vps.walk.steps.static import Static
from vps.walk.vocabulary import step
from vps.walk.walk import Walk


@dataclass(frozen=True, kw_only=True)
class Hugo(Static):
    """A page without any theme, as it lies in the repository."""

    kind: ClassVar[str] = "hugo"
    page_of_it: ClassVar[str] = "static/index.html"


@step(1, lambda walk: walk.domains_for("hugo"))
def hugo(walk: Walk, name: str) -> None:
    """A new site that Hugo builds; or something of another kind becomes one."""
    entry = walk.wanted[name] = Hugo(owner=walk.new_owner())
    files = {"hugo.toml": "disableKinds = ['home', 'RSS', 'sitemap', 'taxonomy', 'term', '404']\n"}
    walk.project.repository(entry.owner, files | {entry.page_of_it: "nothing yet\n"})
