"""The kernel's settings."""

import re
from typing import TYPE_CHECKING

from deployer.parts.rendering import rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

SYSCTL = "/etc/sysctl.d/90-deploy.conf"
HANDLERS = (
    Handler(
        SYSCTL,
        Stage.KERNEL,
        live=f"set_kernel {SYSCTL}",
        says="set the kernel's settings",
    ),
)
REMOVABLE = (SYSCTL,)
SECTIONS = ((re.escape(SYSCTL), "security.sysctl"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The file, where sites.yaml wants them."""
    if not config.security.sysctl:
        return Share()
    return Share(files={SYSCTL: rendered("system/sysctl.conf", swap=config.security.swap)})
