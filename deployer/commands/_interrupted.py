"""A push that is interrupted here: what becomes of it on the server is told."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.server.connection import Server
    from deployer.tasks.push import Push, Pushed

SWITCHES = ("▸ up", "▸ switch")
"""What the server says when it begins to go over, which it ends whoever is gone."""


def push_or_tell(server: "Server", what: "Push", line: Callable[[str], None]) -> "Pushed":
    """Push; where that is interrupted, say what the server does with it, and let the interruption pass."""
    from deployer.report import say
    from deployer.tasks.push import push

    switches = False

    def heard(text: str) -> None:
        nonlocal switches
        switches = switches or text in SWITCHES
        line(text)

    try:
        return push(server, what, heard)
    except KeyboardInterrupt:
        if switches:
            becomes = "goes on with it: it was going live"
        elif what.built:
            becomes = "goes on with it if all of it had come, and gives it up if not"
        else:
            becomes = "gives it up, unless it has just begun to go live"
        say(f"! {what.domain}: {server.host} {becomes}. What is live: deploy status", style="yellow")
        raise
