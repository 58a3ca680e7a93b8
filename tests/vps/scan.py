"""A look at all TCP ports of a server from outside."""

import errno
import resource
import select
import socket
from collections.abc import Sequence

BATCH = min(4000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
PATIENCE = 0.4


def open_ports(address: str, ports: range = range(1, 65536)) -> set[int]:
    """The TCP ports at which something answers."""
    batches = (ports[first : first + BATCH] for first in range(0, len(ports), BATCH))
    return {port for batch in batches for port in answering(address, batch)}


def answering(address: str, ports: Sequence[int]) -> set[int]:
    """Those of some ports at which something answers, asked all at once."""
    knocking = {}
    for port in ports:
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if line.connect_ex((address, port)) in (0, errno.EINPROGRESS):
            knocking[line.fileno()] = (line, port)
    poll = select.poll()
    for number in knocking:
        poll.register(number, select.POLLOUT)
    found = set()
    while answers := poll.poll(PATIENCE * 1000):
        for number, _ in answers:
            line, port = knocking[number]
            if line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.add(port)
            poll.unregister(number)
    for line, _ in knocking.values():
        line.close()
    return found
