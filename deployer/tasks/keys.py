"""Ask a server which restricted keys it lets in, and when they were used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.parts.keys import AUTHORIZED_KEYS
from deployer.server.connection import Server

LOG = "/var/log/deploy/keys.log"
Use = Mapping[str, str]
"""A line of the log: time, key, from, command, result."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a server knows of restricted keys; `known` is None where nobody was asked.

    `known` has the lines of authorized_keys as `type base64 name`, `uses` the last use by the key's name,
    `refusals` what was refused, oldest first.
    """

    known: frozenset[str] | None = None
    uses: Mapping[str, Use] = field(default_factory=dict)
    refusals: tuple[Use, ...] = ()


def see_keys(server: Server) -> Seen:
    """What the server says of its keys, and the last 10000 lines of their log."""
    answer = server.ask(
        f"cat {AUTHORIZED_KEYS} 2>/dev/null; echo; cat {LOG}.1 {LOG} 2>/dev/null | tail -n 10000"
    )
    lines = answer.output.decode(errors="replace").split("\n")
    known = frozenset(" ".join(line.split()[-3:]) for line in lines if line.startswith("restrict,"))
    uses, refusals = {}, []
    for line in lines:
        try:
            use = json.loads(line)
            uses[use["key"]] = use
            if use["result"] == "refused":
                refusals.append(use)
        except (ValueError, KeyError, TypeError):
            continue  # a line that was cut when the disk was full
    return Seen(known, uses, tuple(refusals))
