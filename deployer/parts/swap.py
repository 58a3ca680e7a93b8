"""The swap file: its size, what makes it, and its unit."""

import re
from typing import TYPE_CHECKING

from deployer.parts.rendering import UNITS, program, rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

SIZE = "/etc/deploy/swap"
UNIT = "var-swapfile.swap"
HANDLERS = (Handler(SIZE, Stage.SWAP, live=f"set_swap {SIZE}", says="set the swap file"),)
SECTIONS = ((re.escape(SIZE), "security.swap"),)


def share(config: "Config", facts: "Facts") -> Share:
    """All of it, where sites.yaml wants swap."""
    swap = config.security.swap
    if not swap:
        return Share()
    files = {
        SIZE: rendered("system/swap.conf", swap=swap),
        **program("swapfile"),
        f"{UNITS}/{UNIT}": rendered("system/swap.swap"),
    }
    return Share(files=files, units=frozenset({UNIT}))
