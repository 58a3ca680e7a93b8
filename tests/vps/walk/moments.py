"""Something happens in the middle of an apply."""

import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from deployer.rehearsal.machine import Machine

MOMENTS = {
    "begun": "var/lib/deploy/transaction",
    "containers": "var/lib/deploy/transaction/containers",
}
"""When a file is there: the first change is made, the first container comes up."""
KILL = 'for each in /proc/[0-9]*; do [ "$(readlink $each/fd/9)" != /var/lib/deploy/lock ] || kill -9 ${each#/proc/}; done'


def at(vps: Machine, moment: str, act: Callable[[BaseProcess], object]) -> Callable[[BaseProcess], None]:
    """Act at a moment of an apply, if that comes."""
    file = vps.root / MOMENTS[moment]

    def wait(process: BaseProcess) -> None:
        while process.is_alive():
            if file.exists():
                act(process)
                return
            time.sleep(0.005)

    return wait
