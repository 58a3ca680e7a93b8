"""Which process runs which tests: those that share a server stay together, and the slow ones begin."""

import re

from xdist.scheduler import LoadScopeScheduling

LONGEST = ("tests/vps/test_upgrade.py", "tests/vps/walk/")
"""They take minutes each: begun late, they would go on alone when everything else is done."""


class ByServer(LoadScopeScheduling):
    """A module on one Debian release is one piece of work: its tests share a throwaway VPS."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # the order of collection: see slow_first
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        release = re.search(r"debian-\d+", nodeid)
        return f"{nodeid.partition('::')[0]} {release.group() if release else ''}"


def slow_first(nodeid: str) -> int:
    """The key to sort tests by: the longest, then what boots servers, so that no process waits at the end."""
    return next(place for place, begin in enumerate((*LONGEST, "tests/vps/", "")) if nodeid.startswith(begin))
