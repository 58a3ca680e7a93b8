"""Makes a mistake on a server, and is killed when it is asked to log in anew."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from deployer.server.login import connect
from deployer.tasks import apply, guard
from deployer.tasks.observe import observe
from vps.security.test_lock_out import FIREWALL, WRONG, mistake

HARMLESS = (FIREWALL, b"22/tcp SSH\n80/tcp HTTP\n443/tcp HTTPS\n8448/tcp more\n")
address, host_key, key, wrong, undo_after = sys.argv[1:]


def line(text: str) -> None:
    if text == guard.ASKED:
        os.kill(os.getpid(), signal.SIGKILL)


with connect(address, 22, "root", host_key, Path(key)) as server:
    seen = observe(server, [])
    what = WRONG.get(wrong, HARMLESS)
    apply.transact(server, mistake(seen.files, *what, int(undo_after)), line)
