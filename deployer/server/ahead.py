"""Logging in while something else is done; nobody hears of it who does not ask."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.server.connection import Server


class Ahead:
    """A login that takes place in a thread of its own."""

    def __init__(self, connected: "AbstractContextManager[Server]") -> None:
        self._connected = connected
        self._opened = ExitStack()
        self._server: Server | None = None
        self._error: BaseException | None = None
        self._left = self._done = False
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._log_in, daemon=True)
        self.thread.start()

    def _log_in(self) -> None:
        try:
            self._server = self._opened.enter_context(self._connected)
        except BaseException as error:  # it is raised where somebody asks, and nowhere else
            self._error = error
        with self._lock:
            self._done = True
            if self._left:
                self._opened.close()

    @contextmanager
    def server(self) -> "Iterator[Server]":
        """The server, once the login is done; raises what has ended it."""
        while self.thread.is_alive():
            self.thread.join(1)  # Windows hears no Ctrl-C meanwhile
        with self._opened:
            if self._server is None:
                raise self._error or EOFError
            yield self._server

    def leave(self) -> None:
        """End it, whether anybody has asked: at once, or when the login is done."""
        with self._lock:
            self._left = True
            if self._done:
                self._opened.close()
