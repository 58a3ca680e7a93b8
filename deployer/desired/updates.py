"""The timer that updates services on the server itself."""

from typing import TYPE_CHECKING

from deployer.desired.shared import rendered
from deployer.files import File

if TYPE_CHECKING:
    from deployer.config.model import Config

TIMER = "deploy-update.timer"


def update_files(config: "Config") -> dict[str, File]:
    """The units and their values, where sites.yaml asks for them."""
    if not config.updates:
        return {}
    return {
        "/etc/systemd/system/deploy-update.service": rendered("system/update.service"),
        f"/etc/systemd/system/{TIMER}": rendered("system/update.timer", updates=config.updates),
        "/etc/deploy/update.conf": rendered("system/update.conf", updates=config.updates),
    }
