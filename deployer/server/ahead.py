"""Logging in and beginning with a command while something else is done; who does not ask hears nothing."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.server.connection import Server


TURN = 0.0005
"""Seconds after which a thread lets others go on. A login waits for its turn some sixty times: with the five
milliseconds that are usual, longer than all modules take to load."""


class Ahead:
    """A login that takes place in a thread of its own, and what is begun there then as soon as it may be."""

    def __init__(self, connected: "AbstractContextManager[Server]") -> None:
        self._connected = connected
        self._opened = ExitStack()
        self._server: Server | None = None
        self._error: BaseException | None = None
        self._first: Callable[[Server], None] | None = None
        self._decided = threading.Event()
        self._left = self._done = False
        self._lock = threading.Lock()
        sys.setswitchinterval(TURN)
        self.thread = threading.Thread(target=self._log_in, daemon=True)
        self.thread.start()

    def _log_in(self) -> None:
        try:
            self._server = self._opened.enter_context(self._connected)
            self._server.make_ready()
            self._decided.wait()
            if self._first and not self._left:
                self._first(self._server)
        except BaseException as error:  # it is raised where somebody asks, and nowhere else
            self._error = error
        with self._lock:
            self._done = True
            if self._left:
                self._opened.close()

    def begin(self, first: "Callable[[Server], None]") -> None:
        """Begin with this once the login is done."""
        self._first = first
        self._decided.set()

    @contextmanager
    def server(self) -> "Iterator[Server]":
        """The server, once what was to begin there has begun; raises what has ended the login."""
        self._decided.set()
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
            self._decided.set()
            if self._done:
                self._opened.close()
