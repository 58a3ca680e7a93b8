"""Updates of Debian's packages, which come by themselves."""

import re
from typing import TYPE_CHECKING

from deployer.parts.rendering import rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

SETTINGS = "/etc/apt/apt.conf.d/52deploy-unattended-upgrades"
HANDLERS = (
    Handler(
        "/etc/apt/apt.conf.d/*",
        Stage.PACKAGES,
        check="check_apt",
        who="apt",
        says="check the settings of apt",
    ),
)
REMOVABLE = ("/etc/apt/apt.conf.d/52deploy-*",)
SECTIONS = ((re.escape(SETTINGS), "security.updates"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The program and its settings, where it is on."""
    updates = config.security.updates
    if not updates:
        return Share()
    settings = rendered("system/unattended-upgrades.conf", updates=updates)
    return Share(files={SETTINGS: settings}, packages=frozenset({"unattended-upgrades"}))
