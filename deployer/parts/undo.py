"""What undoes a change that locks out, and at the next start what a power cut has left half-done."""

from functools import cache
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import SCRIPTS, UNITS, script, system
from deployer.shares.share import Share
from deployer.system import version_of

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

MADE_BY = f"{SCRIPTS}/version"
"""Of the deploy that made the server what it is: an older one leaves it alone."""


def share(config: "Config", facts: "Facts") -> Share:
    """Every server has it."""
    return Share(files={**undo_files(), MADE_BY: File(f"{own_version()}\n".encode())})


def undo_files() -> dict[str, File]:
    """The script, and what runs it when the server starts."""
    return {
        **script("bin/undo"),
        f"{UNITS}/deploy-undo-at-start.service": system("undo.service"),
        f"{UNITS}/multi-user.target.d/deploy.conf": system("undo-at-start.conf"),
    }


@cache
def own_version() -> str:
    """The version of the package."""
    return version_of("vps-deployer")
