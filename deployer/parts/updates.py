"""The timer that updates services on the server itself."""

import re
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import UNITS, rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

TIMER = "deploy-update.timer"
HANDLERS = (
    Handler(
        f"{UNITS}/{TIMER}",
        Stage.TIMERS,
        live=f"set_timer_of_updates {UNITS}/{TIMER}",
        says="set the timer of updates",
    ),
)
SECTIONS = ((re.escape(f"{UNITS}/{TIMER}"), "updates"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The timer, where sites.yaml asks for updates, and who else would update."""
    units = frozenset({TIMER} if config.updates else ())
    return Share(files=update_files(config), units=units, notes=update_notes(config))


def update_files(config: "Config") -> dict[str, File]:
    """The units and their values, where sites.yaml asks for them."""
    if not config.updates:
        return {}
    return {
        "/etc/systemd/system/deploy-update.service": rendered("system/update.service"),
        f"/etc/systemd/system/{TIMER}": rendered("system/update.timer", updates=config.updates),
        "/etc/deploy/update.conf": rendered("system/update.conf", updates=config.updates),
    }


def update_notes(config: "Config") -> tuple[str, ...]:
    """What a person should know of who updates images."""
    twice = config.updates and any(entry.kind == "watchtower" for entry in config.services.values())
    return ("`updates:` and watchtower would both update the images: leave one of them out",) if twice else ()
