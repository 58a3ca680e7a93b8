"""What systemd is told whenever files for it change."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import File, Side
from deployer.parts.publication import publishes
from deployer.parts.rendering import UNITS, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

OURS = re.compile(rf"{UNITS}/(deploy-[^/]+\.(?:service|socket|timer|path))")
"""What goes on running as its file says: restarted when that changes, and stopped when it goes."""
FOLDERS = "/etc/tmpfiles.d/deploy.conf"
HANDLERS = (
    Handler("/etc/sysusers.d/*", Stage.USERS, live="make_system_users", says="make system users"),
    Handler("/etc/tmpfiles.d/*", Stage.FOLDERS, live="make_folders", says="make folders"),
    Handler(
        f"{UNITS}/*",
        Stage.UNITS,
        check="check_units",
        who="systemd",
        live="reload_systemd",
        says="reload systemd",
    ),
)
REMOVABLE = (f"{UNITS}/*", "/etc/sysusers.d/deploy*.conf", "/etc/tmpfiles.d/deploy*.conf")


def share(config: "Config", facts: "Facts") -> Share:
    """The folders that all others put something into."""
    return Share(files={FOLDERS: system("tmpfiles.conf", pushed=publishes(config))})


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """What makes the users of an entry."""
    if not own.users:
        return Share()
    return Share(
        files={f"/etc/sysusers.d/deploy-{name}.conf": system("users.conf", owner=name, users=own.users)}
    )


def consequences(path: str, before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    """That a unit which starts by itself stops with its file."""
    ours = OURS.fullmatch(path)
    if ours and after is None and isinstance(before, File) and b"[Install]" in before.content:
        yield f"{ours[1]} stops, and starts no more"
