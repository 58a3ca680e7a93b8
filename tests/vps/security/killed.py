"""Makes a mistake on a server, and is killed when it is asked to log in anew."""

import os
import signal
from pathlib import Path

from deployer.files import File, Found
from deployer.parts.firewall import FIREWALL
from deployer.parts.sshd import SSHD
from deployer.planning.plan import Change, Plan
from deployer.seen import manifest
from deployer.server.login import connect
from deployer.tasks import apply, guard
from deployer.tasks.observe import observe

WRONG = {
    "port": (SSHD, b"Port 2222\n"),
    "users": (SSHD, b"AllowUsers nobody\n"),
    "firewall": (FIREWALL, b"80/tcp HTTP\n"),
}
HARMLESS = (FIREWALL, b"22/tcp SSH\n80/tcp HTTP\n443/tcp HTTPS\n8448/tcp more\n")


def mistake(seen: Found, path: str, content: bytes, undo_after: int) -> Plan:
    """A plan whose one file locks out."""
    before, listed = seen[path], seen[manifest.PATH]
    assert isinstance(before, File)
    assert isinstance(listed, File)
    after = File(content + (before.content if path == SSHD else b""))
    digests = manifest.read(listed.content) | {path: after.digest}
    changes = (Change(path, before, after),)
    changed = Change(manifest.PATH, listed, manifest.write(digests))
    return Plan(changes=changes, manifest=changed, undo_after=undo_after)


def make(address: str, host_key: str, key: Path, wrong: str, undo_after: int) -> None:
    """Make the mistake of that name, in a process of its own, which this kills."""

    def line(text: str) -> None:
        if text == guard.ASKED:
            os.kill(os.getpid(), signal.SIGKILL)

    with connect(address, 22, "root", host_key, key) as server:
        seen = observe(server, [])
        what = WRONG.get(wrong, HARMLESS)
        apply.transact(server, mistake(seen.files, *what, undo_after), line)
