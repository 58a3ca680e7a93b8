"""What is interrupted here goes on, or ends, on the server: which of both is told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.server.connection import Server
    from deployer.tasks.push import Push, Pushed

SWITCHES = ("▸ up", "▸ switch")
"""What the server says when it begins to go over, which it ends whoever is gone."""
WHEN_SENT = "goes on with it if all of it had come, and gives it up if not"
APPLY = "ends the step that it has begun, or undoes it, and begins no other. How far it came: deploy plan"


@contextmanager
def telling(words: Callable[[], str]) -> Iterator[None]:
    """Where what is done within is interrupted, say these words, and let the interruption pass."""
    from deployer.report import say

    try:
        yield
    except KeyboardInterrupt:
        say(f"! {words()}", style="yellow")
        raise


def going_on(server: "Server", what: str, look: str) -> AbstractContextManager[None]:
    """Where the server's program ends what it has begun whoever is gone: that is said, and how to look."""
    return telling(lambda: f"{what}: {server.host} goes on with it. {look}")


def push_or_tell(server: "Server", what: "Push", line: Callable[[str], None]) -> "Pushed":
    """Push; where that is interrupted, say what the server does with it, and let the interruption pass."""
    from deployer.tasks.push import push

    switches = False

    def heard(text: str) -> None:
        nonlocal switches
        switches = switches or text in SWITCHES
        line(text)

    def words() -> str:
        if switches:
            becomes = "goes on with it: it was going live"
        else:
            becomes = WHEN_SENT if what.built else "gives it up, unless it has just begun to go live"
        return f"{what.domain}: {server.host} {becomes}. What is live: deploy status"

    with telling(words):
        return push(server, what, heard)


def by_key_or_tell(server: "Server", what: "Push", line: Callable[[str], None]) -> "Pushed | None":
    """The same with a restricted key, whose push waits for nobody; None when it is none."""
    from deployer.tasks.pipeline import push_restricted

    becomes = WHEN_SENT if what.built else "goes on with it"
    words = f"{what.domain}: {server.host} {becomes}. What is live: deploy status, where sites.yaml is"
    with telling(lambda: words):
        return push_restricted(server, what, line)
