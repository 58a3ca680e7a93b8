"""Which tests a process runs together, as they share a server, and in which order: the slow ones begin."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePath

LONGEST = (
    "tests/vps/test_upgrade.py",
    "tests/vps/walk/test_walk.py",
    "tests/vps/services/application/",
    "tests/vps/services/test_transitions.py",
    "tests/vps/gitea/test_faults.py",
    "tests/vps/restore/test_disaster.py",
    "tests/vps/gitea/test_gitea.py",
    "tests/vps/test_new_kinds.py",
    "tests/vps/test_wordpress",
    "tests/vps/test_rehearse.py",
    "tests/vps/test_compose_boot.py",
    "tests/vps/services/test_faults.py",
    "tests/vps/test_end_to_end.py",
    "tests/vps/test_abroad.py",
    "tests/vps/test_first_apply.py",
    "tests/vps/services/test_earlier_configuration.py",
    "tests/vps/test_php",
    "tests/vps/gitea/test_moving_in.py",
    "tests/vps/backup/test_services.py",
    "tests/vps/security/test_lock_out.py",
    "tests/vps/",
    "tests/test_documents.py",
    "tests/installed/test_traffic.py",
    "tests/commands/test_every_command.py",
    "tests/home/test_bucket.py",
    "tests/installed/test_status_page.py",
    "tests/commands/test_offline_commands.py",
    "tests/config/test_load_anything.py",
    "tests/test_package.py",
    "",
)
"""They take the longest, in this order: begun late, they would go on alone when everything else is done."""


def pieces(nodeids: Sequence[str]) -> list[list[int]]:
    """The places of the tests of each piece: a module on one Debian, whose tests share a throwaway VPS."""
    found = defaultdict[tuple[str, str], list[int]](list)
    for place, nodeid in enumerate(nodeids):
        release = re.search(r"debian-\d+", nodeid)
        found[_module(nodeid), release.group() if release else ""].append(place)
    return [*found.values()]


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
    return next(place for place, begin in enumerate(LONGEST) if nodeid.startswith(begin))


def _module(nodeid: str) -> str:
    return nodeid.partition("::")[0]
