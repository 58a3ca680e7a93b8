"""Sites that Hugo builds."""

from dataclasses import dataclass
from typing import ClassVar

from vps.walk.steps.static import Static
from vps.walk.vocabulary import step
from vps.walk.walk import Walk

TAKEN = {"hugo.toml": "disableKinds = ['home', 'RSS', 'sitemap', 'taxonomy', 'term', '404']\n"}


@dataclass(frozen=True, kw_only=True)
class Hugo(Static):
    """A page without any theme, as it lies in the repository."""

    kind: ClassVar[str] = "hugo"
    page_of_it: ClassVar[str] = "static/index.html"

    def publish(self, walk: Walk, name: str) -> None:
        """A page; and what Hugo takes, whatever was there."""
        for path, text in TAKEN.items():
            (walk.project.folder / self.owner / path).write_text(text)
        super().publish(walk, name)


@step(
    0.7,
    lambda walk: ((name,) for name in walk.settled(Hugo) if name not in walk.disturbed),
    fault="Hugo refuses what is pushed",
)
def push_what_hugo_refuses(walk: Walk, name: str) -> None:
    """Its build fails: the page stays."""
    walk.project.commit(walk.wanted[name].owner, {"hugo.toml": f"title = [{walk.images}\n"})
    walk.images += 1
    walk.fails("push", name)


@step(1, lambda walk: walk.domains_for("hugo"))
def hugo(walk: Walk, name: str) -> None:
    """A new site that Hugo builds; or something of another kind becomes one."""
    entry = walk.wanted[name] = Hugo(owner=walk.new_owner())
    walk.project.repository(entry.owner, TAKEN | {entry.page_of_it: "nothing yet\n"})
