"""SSH as we speak it: with what paramiko leaves out."""

import socket
from collections.abc import Sequence
from typing import Any

import paramiko


class Transport(paramiko.Transport):
    """Asks a server for the host keys that can be checked before all others."""

    def __init__(self, link: socket.socket, first: Sequence[str] = (), **options: Any) -> None:
        super().__init__(link, **options)
        self.first = first

    @property
    def preferred_keys(self) -> Sequence[str]:
        """The types of host keys, in the order in which they are asked for."""
        return tuple(dict.fromkeys((*self.first, *super().preferred_keys)))
