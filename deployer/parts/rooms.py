"""Waiting rooms: visitors of a program that does not answer wait until it does."""

from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import UNITS, program, rendered, script, system
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

POLICIES = ("room.conf", "waiting.conf", "waited.conf", "back-soon.conf")


def share(config: "Config", facts: "Facts") -> Share:
    """What all of them share; also where none has one any more, for a site may have to stay as it was."""
    if not config.sites:
        return Share()
    return Share(
        files={
            **nginx_files(),
            **units(),
            **program("room"),
            **script("lib/common/pause"),
            **script("lib/common/hold"),
        }
    )


def nginx_files() -> dict[str, File]:
    """How NGINX has visitors wait, and what it says when they have done so in vain."""
    return {
        "/etc/nginx/conf.d/00-deploy-rooms.conf": rendered("nginx/rooms/rooms.conf"),
        **{f"/etc/nginx/deploy/{name}": rendered(f"nginx/rooms/{name}") for name in POLICIES},
    }


def units() -> dict[str, File]:
    """The socket of a site, and what the first visitor there starts."""
    return {f"{UNITS}/deploy-room@.{kind}": system(f"room.{kind}") for kind in ("socket", "service")}
