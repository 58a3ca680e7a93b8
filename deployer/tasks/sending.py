"""Send files of this machine that a server shall have: each once, proved here and there.

What was cut off is gone on with.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from deployer.errors import DeployError
from deployer.planning.desired import Desired
from deployer.planning.plan import Plan
from deployer.server.connection import Server, script_command
from deployer.server.streaming import stream
from deployer.tasks import script
from deployer.values.program import Sent
from deployer.waiting import counted, waiting

PIECE = 1 << 18


def unsendable(plan: Plan, desired: Desired) -> dict[str, str]:
    """Why those that the plan would send cannot be, by the entries that want them."""
    found = {desired.site_of[each.asked_by]: why_not(each) for each in plan.sent}
    return {name: why for name, why in found.items() if why}


def why_not(each: Sent) -> str:
    """Why a file cannot be sent; nothing, where it can."""
    file = each.file
    try:
        found = _digest(file.path, Path(file.path).stat().st_size)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return f"{file.written} is not on the server yet, and cannot be read here ({file.path}: {why})"
    if found != each.digest:
        said = f"its SHA-256 is {found}, and sha256: says {each.digest}"
        return f"{file.written} is not what sites.yaml says: {said}"
    return ""


def send(server: Server, files: Iterable[Sent], line: Callable[[str], None]) -> None:
    """Send each; what cannot be taken is told, and whoever asks for it finds nothing there."""
    for each in files:
        text = script("sending.sh")
        has = server.ask(script_command(text, "have", each.digest), text)
        if has.status:
            raise DeployError(f"{server.host} does not say what it has: {has.errors.strip() or has.status}")
        with server.understanding():
            here, known = (has.output.decode().split() or ["0", ""])[:2]
        first = int(here) if int(here) and known == _digest(each.file.path, int(here)) else 0
        size = Path(each.file.path).stat().st_size
        command = script_command(text, "take", each.digest, str(first), str(size))
        with waiting(f"sending {each.file.written}") as wait:
            pieces = counted(_pieces(each.file.path, first), wait, size - first)
            stream(server, command, line, _with_script(text, pieces))


def _with_script(text: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield text
    yield from pieces


def _pieces(path: str, first: int, last: int | None = None) -> Iterator[bytes]:
    with open(path, "rb") as file:
        file.seek(first)
        while piece := file.read(PIECE if last is None else min(PIECE, last - file.tell())):
            yield piece


@cache
def _digest(path: str, size: int) -> str:
    """The SHA-256 of the file up to there."""
    found = hashlib.sha256()
    for piece in _pieces(path, 0, size):
        found.update(piece)
    return found.hexdigest()
