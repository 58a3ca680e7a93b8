"""One apply, with the server and the model before and after it: what rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from vps.walk.entries import Entry
from vps.walk.live import Live
from vps.walk.seen import Seen
from vps.walk.visitors import Answer


@dataclass(frozen=True)
class Round:
    """One apply: the model and the server before and after it, and what happened meanwhile.

    `aimed` is what the server would have if all of it went well, `scope` has the names that were applied, or none
    for all, `disturbed` those that an accident may have changed, `saved` those that are to be backed up, `open` the
    ports that the firewall shall let in, None for no firewall; `unwell` is what systemd and NGINX complain about.
    """

    was: Live
    aimed: Live
    now: Live
    before: Seen
    after: Seen
    said: str
    asked: list[Answer]
    answers: Mapping[str, str]
    scope: frozenset[str] = frozenset()
    disturbed: frozenset[str] = frozenset()
    saved: frozenset[str] = frozenset()
    open: frozenset[str] | None = None
    unwell: str = ""

    @property
    def names(self) -> set[str]:
        """Every name of an entry that was, is, or was to be."""
        return {*self.was.entries, *self.was.unsure, *self.aimed.entries}

    @property
    def refused(self) -> set[str]:
        """The names that are not what they were to be."""
        return {
            name for name in self.names if self.now.entries.get(name) != self.aimed.entries.get(name)
        } - self.now.unsure.keys()

    @property
    def unknown(self) -> set[str]:
        """The names of which nobody knows: an accident befell them, and no apply has mended them."""
        left = self.disturbed - self.scope if self.scope else set()
        return {*self.now.unsure, *left, *(self.disturbed & self.refused)}

    def touched(self, name: str) -> bool:
        """Whether the apply had something to do for the name."""
        if name in self.disturbed or name in self.was.unsure:
            return True
        return self.was.entries.get(name) != self.aimed.entries.get(name)

    def kept(self, name: str) -> Entry | None:
        """The entry, if its containers had to stay as they were."""
        was, now = self.was.entries.get(name), self.aimed.entries.get(name)
        if not was or not now or name in self.disturbed or name in self.was.unsure:
            return None
        return now if was.containers(name) == now.containers(name) != None else None  # noqa: E711
