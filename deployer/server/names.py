"""Where names lead, as this machine's DNS says."""

import queue
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from threading import Thread

AT_ONCE = 16
TRIES = 2


class Lookup:
    """The addresses of names, as programs here find them, asked for meanwhile."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[str, tuple[str, ...] | None]] = queue.SimpleQueue()
        self._asked = list(dict.fromkeys(names))
        for name in self._asked:
            self._names.put(name)
        for _ in range(min(AT_ONCE, len(self._asked))):
            Thread(target=self._ask, daemon=True).start()  # a DNS that says nothing keeps nobody here

    def _ask(self) -> None:
        with suppress(queue.Empty):
            while True:
                name = self._names.get_nowait()
                self._answers.put((name, addresses(name)))

    def found(self, patience: float) -> Mapping[str, tuple[str, ...]]:
        """What has come until then, in the order in which it was asked; without what the DNS did not say."""
        end, came = time.monotonic() + patience, dict[str, tuple[str, ...] | None]()
        with suppress(queue.Empty):
            while len(came) < len(self._asked):
                name, there = self._answers.get(timeout=max(0, end - time.monotonic()))
                came[name] = there
        return {name: there for name in self._asked if (there := came.get(name)) is not None}


def addresses(name: str) -> tuple[str, ...] | None:
    """The addresses of a name, none where it has none; None where the DNS says nothing at all."""
    for _ in range(TRIES):
        try:
            found = socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN:
                return ()
        except UnicodeError:
            return ()
        else:
            return tuple(sorted({str(address[4][0]) for address in found}))
    return None
