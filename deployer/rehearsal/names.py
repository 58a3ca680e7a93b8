"""The DNS of a rehearsal: a name that the world knows leads where it leads, every other one to the VPS.

So a site that is added later needs no DNS entry. As a program, it answers on port 53 of one address:
`python -m deployer.rehearsal.names LISTEN ADDRESS NAMESERVER…`
"""

import socket
import struct
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from deployer.rehearsal import host, processes
from deployer.rehearsal.machine import Machine

SECONDS = 2
PORT = 53
A, AAAA = 1, 28
HEADER = struct.Struct("!HHHHHH")  # ID, flags, and how many questions, answers, authorities, additions
ANSWERED = 0x8180  # a response, recursion desired and available, no error
LARGEST = 4096


def respond(query: bytes, reply: bytes, address: str) -> bytes:
    """The answer to a query, of which a real resolver said `reply` (empty: nothing); pure."""
    kind, end = _question(query)
    if kind not in (A, AAAA) or (len(reply) >= HEADER.size and HEADER.unpack_from(reply)[3]):
        return reply
    found = [socket.inet_aton(address)] if kind == A else []
    head = HEADER.pack(HEADER.unpack_from(query)[0], ANSWERED, 1, len(found), 0, 0)
    records = [b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, len(data)) + data for data in found]
    return head + query[HEADER.size : end] + b"".join(records)


def start(machine: Machine) -> None:
    """Let a machine ask here; where the port is taken, it goes on asking its old nameservers."""
    resolver = host.resolver()
    words = [machine.network.host, machine.address, *nameservers(resolver)]
    with open(machine.slot.run / "names.log", "wb") as log:
        processes.start(machine.name, sys.executable, "-m", "deployer.rehearsal.names", *words, log=log)
    (machine.root / "etc/resolv.conf").write_text(f"nameserver {machine.network.host}\n{resolver}")


def nameservers(resolver: str) -> list[str]:
    """The addresses in a resolv.conf."""
    words = [line.split() for line in resolver.splitlines()]
    return [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]


def serve(listen: str, address: str, upstream: Sequence[str]) -> None:
    """Answer until the process is killed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, ThreadPoolExecutor(32) as threads:
        server.bind((listen, PORT))

        def handle(query: bytes, client: tuple[str, int]) -> None:
            if answer := respond(query, _ask(query, upstream), address):
                server.sendto(answer, client)

        while True:
            query, client = server.recvfrom(LARGEST)
            threads.submit(handle, query, client)


def _ask(query: bytes, upstream: Sequence[str]) -> bytes:
    for nameserver in upstream:
        family = socket.AF_INET6 if ":" in nameserver else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.settimeout(SECONDS)
            try:
                client.connect((nameserver, PORT))
                client.send(query)
                return client.recv(LARGEST)
            except OSError:
                continue
    return b""


def _question(query: bytes) -> tuple[int, int]:
    """The type that is asked for, and where the question ends; type 0 for what has no dot, or is no query."""
    position, labels = HEADER.size, 0
    while position < len(query) and query[position]:
        position, labels = position + 1 + query[position], labels + 1
    if labels < 2 or len(query) < position + 5:
        return 0, len(query)
    return struct.unpack_from("!H", query, position + 1)[0], position + 5


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3:])
