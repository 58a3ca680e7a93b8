"""Prove a change of SSH or the firewall good: by a new login under the new rules."""

import time
from collections.abc import Callable
from contextlib import ExitStack

from deployer.errors import DeployError
from deployer.server.connection import Server

GUARD = "/var/lib/deploy/guard"
ASKED = "▸ new login"
"""What apply.sh says when the new rules count, and waits for a new login."""
CONFIRM = f"mv -T {GUARD} {GUARD}.confirmed && systemctl stop deploy-undo.timer"
PATIENCE = 5
UNDO = f"bash {GUARD}/undo"


def proving(server: Server, line: Callable[[str], None]) -> Callable[[str], None]:
    """The same receiver of lines, which logs in anew when apply.sh asks for it."""

    def receive(text: str) -> None:
        line(text)
        if text == ASKED:
            prove(server, line)

    return receive


def prove(server: Server, line: Callable[[str], None]) -> None:
    """Log in anew and say so there; where that does not work, have the change undone at once."""
    try:
        with ExitStack() as stack:
            if _login(server, stack).ask(CONFIRM).status == 0:
                line("✓ new login works under the new rules")
                return
            line("✗ the new login came too late: the change is being undone")
    except DeployError as error:
        line(f"✗ nobody could log in under the new rules: {error.message}")
    server.ask(UNDO)


def _login(server: Server, stack: ExitStack) -> Server:
    """A new login; for a moment after a reload, sshd may not listen yet."""
    for _ in range(PATIENCE):
        try:
            return stack.enter_context(server.again())
        except DeployError as error:
            reason = error.__cause__
            if not isinstance(reason, OSError) or isinstance(reason, TimeoutError):
                raise
            time.sleep(0.5)
    return stack.enter_context(server.again())
