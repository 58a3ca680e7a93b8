"""Logging in and beginning with a command while something else is done; who does not ask hears nothing."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.server.connection import Server


TURN = 0.0005
"""Seconds after which a thread lets others go on. A login waits for its turn some sixty times: with the five
milliseconds that are usual, longer than all modules take to load."""


class Ahead:
    """A login that takes place in a thread of its own, and what is done there then, step by step."""

    def __init__(self, connected: "Callable[[], AbstractContextManager[Server]]") -> None:
        self._connected = connected
        self._opened = ExitStack()
        self._server: Server | None = None
        self._error: BaseException | None = None
        self._steps: SimpleQueue[Callable[[Server], None] | None] = SimpleQueue()
        self._left = self._done = False
        self._lock = threading.Lock()
        sys.setswitchinterval(TURN)
        self.thread = threading.Thread(target=self._log_in, daemon=True)
        self.thread.start()

    def _log_in(self) -> None:
        try:
            self._server = self._opened.enter_context(self._connected())
            self._server.make_ready()
            for step in iter(self._steps.get, None):
                if self._left:
                    break
                step(self._server)
        except BaseException as error:  # it is raised where somebody asks, and nowhere else
            self._error = error
        with self._lock:
            self._done = True
            if self._left:
                self._opened.close()

    def then(self, step: "Callable[[Server], None]") -> None:
        """Do this once the login is done, and what was to be done before."""
        self._steps.put(step)

    @contextmanager
    def server(self) -> "Iterator[Server]":
        """The server, once all was done that was to be done there; raises what has ended the login."""
        self._steps.put(None)
        while self.thread.is_alive():
            self.thread.join(1)  # Windows hears no Ctrl-C meanwhile
        with self._opened:
            if self._error or self._server is None:
                raise self._error or EOFError
            yield self._server

    def leave(self) -> None:
        """End it, whether anybody has asked: at once, or when the login is done."""
        with self._lock:
            self._left = True
            self._steps.put(None)
            if self._done:
                self._opened.close()
