"""Which process runs which tests: those that share a server stay together, and the slow ones begin."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

LONGEST = (
    "tests/vps/test_upgrade.py",
    "tests/vps/walk/test_walk.py",
    "tests/vps/restore/test_disaster.py",
    "tests/vps/test_compose_boot.py",
    "tests/vps/services/test_transitions.py",
    "tests/vps/test_rehearse.py",
    "tests/vps/test_wordpress",
    "tests/vps/gitea/test_gitea.py",
    "tests/vps/test_new_kinds.py",
)
"""They take minutes each: begun late, they would go on alone when everything else is done."""


class ByServer(LoadScopeScheduling):
    """A module on one Debian release is one piece of work: its tests share a throwaway VPS."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # the order of collection: see arranged
        super().schedule()

    def _reschedule(self, node: WorkerController) -> None:
        """A module is given out with the last test of the one before: until then another may take it."""
        if self._pending_of(self.assigned_work[node]) <= 1:
            super()._reschedule(node)

    def _split_scope(self, nodeid: str) -> str:
        release = re.search(r"debian-\d+", nodeid)
        return f"{_module(nodeid)} {release.group() if release else ''}"


def arranged(nodeids: Sequence[str]) -> dict[str, tuple[int, float]]:
    """The key to sort each test by: the longest, then what boots servers: no process waits at the end.

    The modules of each folder are spread over the whole run: those of some folders need the processors all
    the time, and those of others wait a lot.
    """
    folders = defaultdict[PurePath, list[str]](list)
    for module in dict.fromkeys(map(_module, nodeids)):
        folders[PurePath(module).parent].append(module)
    place = {each: at / len(modules) for modules in folders.values() for at, each in enumerate(modules)}
    return {nodeid: (_rank(nodeid), place[_module(nodeid)]) for nodeid in nodeids}


def _rank(nodeid: str) -> int:
    return next(place for place, begin in enumerate((*LONGEST, "tests/vps/", "")) if nodeid.startswith(begin))


def _module(nodeid: str) -> str:
    return nodeid.partition("::")[0]
